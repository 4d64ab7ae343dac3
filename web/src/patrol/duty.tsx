// The shift on the map's screen: begin, pause, go on, end, and whether it records.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { elapsed } from '../common/format';
import { useConsent } from './consent';
import { usePost } from './outbox/outbox';
import { end, GAP, pauseOrResume, type Shift, start, stayAwake, TRANSPORTS, useDuty } from './shift';

export function Duty({ toConsent }: { toConsent: () => void }) {
  const { t } = useTranslation();
  const outbox = usePost((post) => post.outbox);
  const { shift, failed } = useDuty();
  const { given } = useConsent();
  const [ending, setEnding] = useState(false);
  if (!outbox) return null;
  return (
    <section className="patrol-duty" aria-label={t('patrol.shift')}>
      {failed && (
        <p className="patrol-bad" role="alert">
          {t('patrol.notRecorded')}
        </p>
      )}
      {!given && (
        <div className="patrol-row patrol-consent">
          <p>{t(given === null ? 'patrol.consent.unknown' : 'patrol.consent.none')}</p>
          <button type="button" onClick={toConsent}>
            {t('patrol.consent.read')}
          </button>
        </div>
      )}
      {!shift && (
        <>
          <p>{t('patrol.begin')}</p>
          <div className="patrol-row">
            {TRANSPORTS.map((transport) => (
              <button
                key={transport}
                type="button"
                className="patrol-main"
                onClick={() => start(outbox, transport)}
              >
                {t(`patrol.transport.${transport}`)}
              </button>
            ))}
          </div>
        </>
      )}
      {shift && (
        <>
          <Recording shift={shift} agreed={given === true} />
          <div className="patrol-row">
            <button type="button" onClick={() => pauseOrResume(outbox)}>
              {t(shift.paused ? 'patrol.resume' : 'patrol.pause')}
            </button>
            <button
              type="button"
              aria-pressed={ending}
              onBlur={() => setEnding(false)}
              onClick={() => (ending ? end(outbox).then(() => setEnding(false)) : setEnding(true))}
            >
              {t(ending ? 'patrol.endSure' : 'patrol.end')}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

/** Recording tells what is recorded now, and what a locked phone does. */
function Recording({ shift, agreed }: { shift: Shift; agreed: boolean }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now());
  const [awake, setAwake] = useState(true);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  const recording = agreed && !shift.paused;
  useEffect(() => (recording ? stayAwake(setAwake) : undefined), [recording]);
  const silent = recording && now - (shift.last ?? shift.started) > GAP;
  return (
    <>
      <p role="status">
        <span className={recording ? 'patrol-dot' : 'patrol-dot patrol-dot-off'} aria-hidden="true" />
        <strong>
          {t(
            shift.paused
              ? 'patrol.paused'
              : !agreed
                ? 'patrol.untracked'
                : silent
                  ? 'patrol.silent'
                  : 'patrol.recording',
          )}
        </strong>
      </p>
      <p className="figures">
        {elapsed((now - shift.started) / 1000)} · {t('patrol.fixes', { count: shift.fixes })} ·{' '}
        {t('patrol.gaps', { count: shift.gaps })}
      </p>
      {recording && <p className="soft">{t(awake ? 'patrol.awake' : 'patrol.asleep')}</p>}
    </>
  );
}
