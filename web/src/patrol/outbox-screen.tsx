// Everything that the server does not hold yet, item by item, and what can be done with it.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { moment, useLanguage } from '../common/format';
import { FileRefused, load, save } from './outbox/file';
import { type Sending, usePost } from './outbox/outbox';
import { type Item, type Outbox, useOutboxVersion } from './outbox/store';
import { useSayProblem } from './say';

type Shown = { items: Item[]; loose: number };

export function OutboxScreen() {
  const outbox = usePost((post) => post.outbox);
  return outbox ? <Opened outbox={outbox} /> : null;
}

function Opened({ outbox }: { outbox: Outbox }) {
  const { t } = useTranslation();
  const version = useOutboxVersion((state) => state.version);
  const [shown, setShown] = useState<Shown | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again with every change
  useEffect(() => {
    let left = false;
    Promise.all([outbox.list(), outbox.loose()]).then(
      ([items, loose]) => !left && setShown({ items, loose }),
    );
    return () => {
      left = true;
    };
  }, [outbox, version]);
  if (!shown) return null;
  const waiting = shown.items.filter(({ state }) => state !== 'sent');
  const sent = shown.items.filter(({ state }) => state === 'sent').reverse();
  return (
    <div className="patrol-page">
      <section>
        <SendingLine />
        {shown.loose > 0 && <p>{t('patrol.loose', { count: shown.loose })}</p>}
        {waiting.length === 0 && shown.loose === 0 && <p>{t('patrol.nothingWaits')}</p>}
        <ul className="patrol-items">
          {waiting.map((item) => (
            <Row key={item.n} item={item} outbox={outbox} />
          ))}
        </ul>
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
              <Row key={item.n} item={item} outbox={outbox} />
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

function Row({ item, outbox }: { item: Item; outbox: Outbox }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  return (
    <li className={`patrol-item patrol-item-${item.state}`}>
      <p>
        <strong>{t(`patrol.kind.${item.kind}`)}</strong> <span>{t(`patrol.state.${item.state}`)}</span>
      </p>
      <p className="soft figures">{moment(item.at, language)}</p>
      {item.refusal && <p className="patrol-bad">{say(item.refusal)}</p>}
      {item.state === 'refused' && (
        <div className="patrol-row">
          <button type="button" onClick={() => outbox.retry(item.id)}>
            {t('common.retry')}
          </button>
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
