// Everything that the server does not hold yet, item by item, and what can be done with it.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { moment, useLanguage } from '../common/format';
import { useCategories } from './categories';
import { FileRefused, load, save } from './outbox/file';
import { type Sending, usePost } from './outbox/outbox';
import { type Item, type Outbox, type Photo, useOutboxVersion } from './outbox/store';
import { mend, type ReportBody } from './report';
import { Picture } from './report-screen';
import { useSayProblem } from './say';

type Shown = { items: Item[]; photos: Photo[]; loose: number };

/** How many items are shown at first, and how many more each time: a phone draws no thousand at once. */
const PAGE = 50;

export function OutboxScreen() {
  const outbox = usePost((post) => post.outbox);
  return outbox ? <Opened outbox={outbox} /> : null;
}

function Opened({ outbox }: { outbox: Outbox }) {
  const { t } = useTranslation();
  const version = useOutboxVersion((state) => state.version);
  const [shown, setShown] = useState<Shown | null>(null);
  const [most, setMost] = useState(PAGE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again with every change
  useEffect(() => {
    let left = false;
    Promise.all([outbox.list(), outbox.photos(), outbox.loose()]).then(
      ([items, photos, loose]) => !left && setShown({ items, photos, loose }),
    );
    return () => {
      left = true;
    };
  }, [outbox, version]);
  if (!shown) return null;
  // What the officer has to mend comes first, the rest in the order in which it was done.
  const unsent = shown.items.filter(({ state }) => state !== 'sent');
  const waiting = [
    ...unsent.filter(({ state }) => state === 'refused'),
    ...unsent.filter(({ state }) => state !== 'refused'),
  ];
  const names = new Set(unsent.map(({ id }) => id));
  const photosOf = (id: string) => shown.photos.filter(({ item, state }) => item === id && state !== 'draft');
  const alone = shown.photos.filter(({ item, state }) => state !== 'draft' && !names.has(item));
  const sent = shown.items.filter(({ state }) => state === 'sent').reverse();
  return (
    <div className="patrol-page">
      <section>
        <SendingLine />
        {shown.loose > 0 && <p>{t('patrol.loose', { count: shown.loose })}</p>}
        {waiting.length === 0 && alone.length === 0 && shown.loose === 0 && <p>{t('patrol.nothingWaits')}</p>}
        <ul className="patrol-items">
          {waiting.slice(0, most).map((item) => (
            <Row key={item.n} item={item} photos={photosOf(item.id)} outbox={outbox} />
          ))}
          {alone.map((photo) => (
            <li key={photo.id} className="patrol-item">
              <PhotoLine photo={photo} outbox={outbox} />
            </li>
          ))}
        </ul>
        {waiting.length > most && (
          <button type="button" onClick={() => setMost(most + PAGE)}>
            {t('patrol.more', { count: Math.min(PAGE, waiting.length - most) })}
          </button>
        )}
      </section>
      <section>
        <h2>{t('patrol.storage')}</h2>
        <Persistence />
        <Files outbox={outbox} />
      </section>
      {sent.length > 0 && (
        <section>
          <h2>{t('patrol.sentBefore')}</h2>
          <ul className="patrol-items">
            {sent.map((item) => (
              <Row key={item.n} item={item} photos={[]} outbox={outbox} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function SendingLine() {
  const { t } = useTranslation();
  const sending: Sending = usePost((post) => post.sending);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  const count = sending.is === 'waiting' ? Math.max(0, Math.ceil((sending.until - now) / 1000)) : 0;
  return <p role="status">{t(`patrol.sendingIs.${sending.is}`, { count })}</p>;
}

/** PhotoLine is a photo that the server does not hold yet, and how far it has got. */
function PhotoLine({ photo, outbox }: { photo: Photo; outbox: Outbox }) {
  const { t } = useTranslation();
  const say = useSayProblem();
  const bytes = usePost(({ sent }) => sent[photo.id]);
  const share = bytes === undefined ? null : Math.floor((100 * bytes) / photo.bytes);
  const state =
    photo.state === 'refused'
      ? t('patrol.photoState.refused')
      : share === null
        ? t('patrol.photoState.queued')
        : t('patrol.photoState.sending', { share });
  return (
    <>
      <div className="patrol-photo-line">
        <Picture outbox={outbox} photo={photo.id} />
        <p>
          {t('patrol.photoOf')} · {state}
        </p>
      </div>
      {share !== null && photo.state !== 'refused' && (
        <progress max={100} value={share} aria-label={t('patrol.photoOf')} />
      )}
      {photo.refusal && (
        <>
          <p className="patrol-bad">{say(photo.refusal)}</p>
          <div className="patrol-row">
            <button type="button" onClick={() => outbox.retryPhoto(photo.id)}>
              {t('common.retry')}
            </button>
            <Drop drop={() => outbox.dropPhoto(photo.id)} />
          </div>
        </>
      )}
    </>
  );
}

function Row({ item, photos, outbox }: { item: Item; photos: Photo[]; outbox: Outbox }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  const titleOf = useCategories();
  const report = item.kind === 'incident' ? (item.body as ReportBody | null) : null;
  return (
    <li className={`patrol-item patrol-item-${item.state}`}>
      <p>
        <strong>{t(`patrol.kind.${item.kind}`)}</strong> <span>{t(`patrol.state.${item.state}`)}</span>
      </p>
      <p className="soft figures">{moment(item.at, language)}</p>
      {report && <p>{[titleOf(report.category), report.text].filter(Boolean).join(' · ')}</p>}
      {photos.map((photo) => (
        <PhotoLine key={photo.id} photo={photo} outbox={outbox} />
      ))}
      {item.refusal && <p className="patrol-bad">{say(item.refusal)}</p>}
      {(item.state === 'refused' || (item.state === 'queued' && item.kind === 'incident')) && (
        <div className="patrol-row">
          {item.kind === 'incident' && (
            <button type="button" onClick={() => mend(outbox, item)}>
              {t('patrol.edit')}
            </button>
          )}
          {item.state === 'refused' && (
            <button type="button" onClick={() => outbox.retry(item.id)}>
              {t('common.retry')}
            </button>
          )}
          <Drop drop={() => outbox.drop(item.id)} />
        </div>
      )}
    </li>
  );
}

/** Drop asks once more: what is dropped is gone. */
function Drop({ drop }: { drop: () => Promise<void> }) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  return (
    <button
      type="button"
      aria-pressed={sure}
      onBlur={() => setSure(false)}
      onClick={() => (sure ? drop() : setSure(true))}
    >
      {t(sure ? 'patrol.dropSure' : 'patrol.drop')}
    </button>
  );
}

/** Persistence says whether the browser may clear what is kept, and asks it not to. */
function Persistence() {
  const { t } = useTranslation();
  const [persisted, setPersisted] = useState<boolean | null>(null);
  useEffect(() => {
    const ask = async () => (await navigator.storage.persisted()) || navigator.storage.persist();
    ask().then(setPersisted, () => setPersisted(false));
  }, []);
  if (persisted === null) return null;
  return <p>{t(persisted ? 'patrol.persisted' : 'patrol.notPersisted')}</p>;
}

function Files({ outbox }: { outbox: Outbox }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState('');
  const write = async () => {
    const address = URL.createObjectURL(await save(outbox));
    const link = document.createElement('a');
    link.href = address;
    link.download = `wangge-${new Date().toISOString().slice(0, 10)}.outbox`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      setSaid(t('patrol.loaded', { count: await load(outbox, file) }));
    } catch (cause) {
      setSaid(t(`patrol.notLoaded.${cause instanceof FileRefused ? cause.reason : 'unreadable'}`));
    }
  };
  return (
    <>
      <div className="patrol-row">
        <button type="button" onClick={write}>
          {t('patrol.save')}
        </button>
        <label className="patrol-link">
          {t('patrol.load')}
          <input
            type="file"
            accept=".outbox,.json"
            className="off-screen"
            onChange={(event) => {
              read(event.target.files?.[0]);
              event.target.value = '';
            }}
          />
        </label>
      </div>
      <p role="status">{said}</p>
    </>
  );
}
