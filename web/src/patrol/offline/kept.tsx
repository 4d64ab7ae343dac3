// What of the page is on the phone, on the officer's own screen: the page itself and the map.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fileSize, moment, useLanguage } from '../../common/format';
import { useSayProblem } from '../say';
import { download, remove, stop, usePack } from './pack';
import { takeNext, useShell } from './shell';

/** What only the page notices of a map file. */
const OWN = ['pack_changed', 'pack_damaged'] as const;

export function KeptPage() {
  const { t } = useTranslation();
  const keeping = useShell((shell) => shell.keeping);
  return (
    <section>
      <h2>{t('patrol.offline.page')}</h2>
      <p>{t(`patrol.offline.keeping.${keeping}`)}</p>
      <NextPage />
    </section>
  );
}

/** NextPage offers the version of the page that waits. */
export function NextPage() {
  const { t } = useTranslation();
  const next = useShell((shell) => shell.next);
  if (!next) return null;
  return (
    <div className="patrol-notice" role="status">
      <p>{t('patrol.offline.next')}</p>
      <button type="button" onClick={takeNext}>
        {t('patrol.offline.take')}
      </button>
    </div>
  );
}

export function KeptMap() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { pack, offer, done } = usePack();
  return (
    <section aria-busy={done !== null}>
      <h2>{t('patrol.offline.map')}</h2>
      {pack ? (
        <p>
          {t('patrol.offline.kept', {
            unit: pack.name,
            size: fileSize(pack.bytes, language),
            time: moment(pack.made_at, language),
          })}{' '}
          {offer && t('patrol.offline.newer', { time: moment(offer.made_at, language) })}
        </p>
      ) : (
        <p>{t('patrol.offline.none')}</p>
      )}
      <p className="soft">{t('patrol.offline.holds')}</p>
      <Download />
      {pack && done === null && <Remove />}
    </section>
  );
}

/** Download offers the map that the phone does not have, with its size, and shows how it comes. */
export function Download() {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  const { pack, offer, done, problem } = usePack();
  const known = OWN.find((code) => code === problem?.code);
  if (!offer) return null;
  const size = fileSize(offer.bytes, language);
  if (done !== null) {
    return (
      <>
        <p role="status">
          {t('patrol.offline.coming', { done: fileSize(done, language), size })}
          <progress
            className="patrol-progress"
            aria-label={t('patrol.offline.map')}
            max={offer.bytes}
            value={done}
          />
        </p>
        <button type="button" onClick={stop}>
          {t('patrol.offline.stop')}
        </button>
      </>
    );
  }
  return (
    <>
      {problem && (
        <p className="patrol-bad" role="alert">
          {known ? t(`patrol.offline.problem.${known}`) : `${say(problem)} ${t('patrol.offline.stopped')}`}
        </p>
      )}
      <button type="button" onClick={() => download()}>
        {t(pack ? 'patrol.offline.update' : 'patrol.offline.get', { size })}
      </button>
    </>
  );
}

function Remove() {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  return (
    <button
      type="button"
      aria-pressed={sure}
      onBlur={() => setSure(false)}
      onClick={() => (sure ? remove() : setSure(true))}
    >
      {t(sure ? 'patrol.offline.removeSure' : 'patrol.offline.remove')}
    </button>
  );
}
