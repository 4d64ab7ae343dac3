// The shift on the map's screen: begin, pause, go on, end, and whether it records.
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { elapsed } from '../common/format';
import { useConsent } from './consent';
import { useDuties } from './duties';
import { usePost } from './outbox/outbox';
import type { Outbox } from './outbox/store';
import {
  end,
  GAP,
  pauseOrResume,
  type Shift,
  setMembers,
  start,
  stayAwake,
  TRANSPORTS,
  useDuty,
} from './shift';

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
          <Members shift={shift} outbox={outbox}>
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
          </Members>
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
      <div className="patrol-state">
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
      </div>
      {recording && <p className="soft">{t(awake ? 'patrol.awake' : 'patrol.asleep')}</p>}
    </>
  );
}

/** Members are the colleagues who go along, asked for beside the other acts of a shift. */
function Members({ shift, outbox, children }: { shift: Shift; outbox: Outbox; children: ReactNode }) {
  const { t } = useTranslation();
  const colleagues = useDuties(({ duties }) => duties?.value.colleagues) ?? [];
  const [chosen, setChosen] = useState<number[] | null>(null);
  const turn = (account: number) =>
    setChosen((list) =>
      list?.includes(account) ? list.filter((one) => one !== account) : [...(list ?? []), account],
    );
  const save = () => setMembers(outbox, chosen ?? []).then(() => setChosen(null));
  return (
    <>
      <div className="patrol-row">
        {children}
        <button
          type="button"
          aria-expanded={chosen !== null}
          onClick={() => setChosen(chosen ? null : shift.members)}
        >
          {shift.members.length > 0
            ? t('patrol.members.with', { count: shift.members.length })
            : t('patrol.members.change')}
        </button>
      </div>
      {chosen && colleagues.length === 0 && <p className="soft">{t('patrol.members.none')}</p>}
      {chosen && colleagues.length > 0 && (
        <fieldset className="patrol-choice">
          <legend className="off-screen">{t('patrol.members.change')}</legend>
          {colleagues.map(({ account, name }) => (
            <button
              key={account}
              type="button"
              aria-pressed={chosen.includes(account)}
              onClick={() => turn(account)}
            >
              {name}
            </button>
          ))}
          <button type="button" className="patrol-main" onClick={save}>
            {t('patrol.members.save')}
          </button>
        </fieldset>
      )}
    </>
  );
}
