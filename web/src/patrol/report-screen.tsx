// Reporting what was seen: a photo, the place where it was taken, a category, and little else.
import { lazy, Suspense, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import type { components } from '../api/schema';
import { away, moment, useLanguage, useTitle } from '../common/format';
import { useDuties } from './duties';
import { Icon } from './icon';
import { usePost } from './outbox/outbox';
import { OnItsWay, type Outbox } from './outbox/store';
import { LONGEST_TEXT, looksPersonal } from './personal';
import { NoPhoto } from './photo';
import { addPhoto, change, type Draft, discard, PHOTOS, queue, recentOf, takeOut, useReport } from './report';
import { useSayProblem } from './say';

const PinMap = lazy(() => import('./pin-map'));

type Check = components['schemas']['ReportCheck'];

/** ReportScreen is the report that is being written; after it, whatever was there before. */
export function ReportScreen() {
  const outbox = usePost((post) => post.outbox);
  const { draft } = useReport();
  return outbox && draft ? <Form key={draft.id} outbox={outbox} draft={draft} /> : null;
}

function Form({ outbox, draft }: { outbox: Outbox; draft: Draft }) {
  const { t } = useTranslation();
  const id = useId();
  const [failed, setFailed] = useState<'' | 'photo' | 'gone' | 'full'>('');
  const personal = looksPersonal(draft.text);
  const set = (to: Partial<Draft>) => change(outbox, to).catch(() => setFailed('full'));

  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      await addPhoto(outbox, file);
      setFailed('');
    } catch (cause) {
      setFailed(cause instanceof NoPhoto ? 'photo' : 'full');
    }
  };
  const send = () => queue(outbox).catch((cause) => setFailed(cause instanceof OnItsWay ? 'gone' : 'full'));

  return (
    <div className="patrol-page patrol-report">
      <section aria-label={t('patrol.report.photos')}>
        <ul className="patrol-photos">
          {draft.photos.map((photo) => (
            <li key={photo}>
              <Picture outbox={outbox} photo={photo} />
              <button
                type="button"
                aria-label={t('patrol.report.takeOut')}
                onClick={() => takeOut(outbox, photo)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        {draft.photos.length < PHOTOS && (
          <label className={draft.photos.length === 0 ? 'patrol-link patrol-main' : 'patrol-link'}>
            <Icon name="camera" />
            {t(draft.photos.length === 0 ? 'patrol.report.photo' : 'patrol.report.another')}
            <input
              type="file"
              accept="image/*"
              capture="environment"
              className="off-screen"
              onChange={(event) => {
                take(event.target.files?.[0]);
                event.target.value = '';
              }}
            />
          </label>
        )}
        {failed === 'photo' && (
          <p className="patrol-bad" role="alert">
            {t('patrol.report.noPhoto')}
          </p>
        )}
      </section>

      <section aria-label={t('patrol.report.place')}>
        <Suspense fallback={<div className="patrol-pin-map" />}>
          <PinMap at={draft.at} accuracy={draft.accuracy} onMove={(at) => set({ at, accuracy: null })} />
        </Suspense>
        <PlaceLine draft={draft} />
      </section>

      <section>
        <Categories outbox={outbox} chosen={draft.category} onChoose={(category) => set({ category })} />
      </section>

      <section className="patrol-form">
        <label htmlFor={`${id}text`}>{t('patrol.report.text')}</label>
        <textarea
          id={`${id}text`}
          rows={2}
          maxLength={LONGEST_TEXT}
          value={draft.text}
          aria-invalid={personal}
          aria-describedby={`${id}hint`}
          onChange={(event) => set({ text: event.target.value })}
        />
        <p
          id={`${id}hint`}
          className={personal ? 'patrol-bad' : 'soft'}
          role={personal ? 'alert' : undefined}
        >
          {personal ? t('problem.incident_personal') : t('patrol.report.textHint')}
        </p>
        <label className="patrol-check">
          <input
            type="checkbox"
            checked={draft.private}
            onChange={(event) => set({ private: event.target.checked })}
          />
          <span>{t('patrol.report.private')}</span>
        </label>
      </section>

      <Around draft={draft} onSame={() => discard(outbox)} />

      {(failed === 'gone' || failed === 'full') && (
        <p className="patrol-bad" role="alert">
          {t(failed === 'gone' ? 'patrol.report.gone' : 'patrol.report.full')}
        </p>
      )}
      <div className="patrol-row patrol-foot">
        <Leave draft={draft} leave={() => discard(outbox)} />
        <button
          type="button"
          className="patrol-main"
          disabled={!draft.at || !draft.category || personal}
          onClick={send}
        >
          {t(draft.queued ? 'patrol.report.save' : 'patrol.report.send')}
        </button>
      </div>
    </div>
  );
}

/** Leave asks once more where something would be lost. */
function Leave({ draft, leave }: { draft: Draft; leave: () => void }) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  const written = !draft.queued && (draft.photos.length > 0 || draft.text !== '');
  return (
    <button
      type="button"
      aria-pressed={sure}
      onBlur={() => setSure(false)}
      onClick={() => (sure || !written ? leave() : setSure(true))}
    >
      {t(sure ? 'patrol.report.leaveSure' : 'patrol.report.leave')}
    </button>
  );
}

export function Picture({ outbox, photo }: { outbox: Outbox; photo: string }) {
  const { t } = useTranslation();
  const [address, setAddress] = useState('');
  useEffect(() => {
    let made = '';
    let left = false;
    outbox.picture(photo).then((picture) => {
      if (!picture || left) return;
      made = URL.createObjectURL(picture);
      setAddress(made);
    });
    return () => {
      left = true;
      URL.revokeObjectURL(made);
    };
  }, [outbox, photo]);
  return address ? (
    <img src={address} alt={t('patrol.report.aPhoto')} />
  ) : (
    <span className="patrol-photo-wait" />
  );
}

function PlaceLine({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (!draft.at) return <p className="patrol-warn">{t('patrol.report.noPlace')}</p>;
  return (
    <p className="soft">
      {draft.accuracy === null
        ? t('patrol.report.byHand')
        : t('patrol.report.locked', { accuracy: away(draft.accuracy, language) })}
    </p>
  );
}

function Categories(props: { outbox: Outbox; chosen: string; onChoose: (code: string) => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const id = useId();
  const { outbox, chosen, onChoose } = props;
  const items = useDuties(({ lists }) => lists.categories?.value);
  const [recent, setRecent] = useState<string[]>([]);
  useEffect(() => {
    recentOf(outbox).then(setRecent);
  }, [outbox]);
  if (!items) return <p className="patrol-warn">{t('patrol.report.noCategories')}</p>;
  const small = items.filter(({ parent }) => parent !== '');
  const large = items.filter(({ parent }) => parent === '');
  const lately = recent.flatMap((code) => items.find((one) => one.code === code) ?? []);
  return (
    <>
      {lately.length > 0 && (
        <fieldset className="patrol-choice">
          <legend>{t('patrol.report.recent')}</legend>
          {lately.map((one) => (
            <button
              key={one.code}
              type="button"
              aria-pressed={one.code === chosen}
              onClick={() => onChoose(one.code)}
            >
              {title(one, one.code)}
            </button>
          ))}
        </fieldset>
      )}
      <label htmlFor={`${id}category`}>{t('patrol.report.category')}</label>
      <select id={`${id}category`} value={chosen} onChange={(event) => onChoose(event.target.value)}>
        <option value="">{t('patrol.report.choose')}</option>
        {large.map((group) => (
          <optgroup key={group.code} label={title(group, group.code)}>
            {small
              .filter(({ parent }) => parent === group.code)
              .map((one) => (
                <option key={one.code} value={one.code}>
                  {title(one, one.code)}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </>
  );
}

/** Around tells what the server knows of the place: the unit, a border near by, and reports like this one. */
function Around({ draft, onSame }: { draft: Draft; onSame: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  const [check, setCheck] = useState<Check | null>(null);
  const [silent, setSilent] = useState<ReturnType<typeof asProblem> | null>(null);
  const { at, category } = draft;
  const asked = at && category ? `${at[0]},${at[1]},${category}` : '';
  useEffect(() => {
    setCheck(null);
    const [lon, lat, category] = asked.split(',');
    if (!category) return;
    const leaving = new AbortController();
    const query = { lon: Number(lon), lat: Number(lat), category };
    const timer = setTimeout(() => {
      answer<Check>(api.GET('/incidents/near', { params: { query }, signal: leaving.signal })).then(
        (found) => {
          setCheck(found);
          setSilent(null);
        },
        (cause) => !leaving.signal.aborted && setSilent(asProblem(cause)),
      );
    }, 400);
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [asked]);
  if (!asked) return null;
  if (!check) {
    if (!silent) return <p role="status">{t('common.loading')}</p>;
    return (
      <p className="soft" role="status">
        {silent.status === 0 ? t('patrol.report.unchecked') : say(silent)}
      </p>
    );
  }
  return (
    <section className="patrol-around" role="status">
      {check.unit ? (
        <p>{t('patrol.report.within', { name: check.name })}</p>
      ) : (
        <p className="patrol-warn">{t('patrol.report.outside')}</p>
      )}
      {check.border && (
        <p className="patrol-warn">
          {t('patrol.report.border', {
            metres: away(check.border.distance, language),
            name: check.border.name,
          })}
        </p>
      )}
      {check.duplicates.length > 0 && (
        <>
          <p>
            <strong>{t('patrol.report.alike', { count: check.duplicates.length })}</strong>
          </p>
          <ul className="patrol-items">
            {check.duplicates.slice(0, 3).map((one) => (
              <li key={one.id} className="patrol-item">
                <p>
                  <span>{t('patrol.report.away', { metres: away(one.metres, language) })}</span>
                  <span className="soft">{moment(one.reported_at, language)}</span>
                </p>
                {one.text && <p>{one.text}</p>}
                <button type="button" onClick={onSame}>
                  {t('patrol.report.same')}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
