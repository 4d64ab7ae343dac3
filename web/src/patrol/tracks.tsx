// The officer's own shifts, each with its track as a file: out to keep it, in from a watch
// or another program.
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { API, answer, api, asProblem, type Problem } from '../api/client';
import type { components } from '../api/schema';
import { elapsed, moment, useLanguage } from '../common/format';
import { useSayProblem } from './say';
import { useWho } from './who';

type Shift = components['schemas']['Shift'];
type Imported = components['schemas']['Imported'];

/** How many shifts are shown, those that came last. */
const MOST = 5;

/** How many runs of points that were not taken are told. */
const MOST_LEFT = 5;

export function Tracks() {
  const { t } = useTranslation();
  const say = useSayProblem();
  const signedIn = useWho(({ sign_in }) => sign_in === 'holds');
  const [shifts, setShifts] = useState<Shift[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = useCallback(async () => {
    try {
      const params = { query: { limit: MOST } };
      setShifts((await answer<{ items: Shift[] }>(api.GET('/shifts', { params }))).items);
      setProblem(null);
    } catch (cause) {
      setProblem(asProblem(cause));
    }
  }, []);
  useEffect(() => {
    if (signedIn) load();
  }, [signedIn, load]);
  if (!signedIn) return null;
  return (
    <section>
      <h2>{t('patrol.tracks.title')}</h2>
      {problem && (
        <p className={problem.status === 0 ? 'soft' : 'patrol-bad'} role="alert">
          {say(problem)}
        </p>
      )}
      {shifts && (
        <p className="soft">{t(shifts.length === 0 ? 'patrol.tracks.none' : 'patrol.tracks.hint')}</p>
      )}
      <ul className="patrol-items">
        {shifts?.map((shift) => (
          <Track key={shift.id} shift={shift} reload={load} />
        ))}
      </ul>
    </section>
  );
}

function Track({ shift, reload }: { shift: Shift; reload: () => Promise<void> }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  const [imported, setImported] = useState<Imported | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { id, started_at, ended_at, transport, fixes } = shift;
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      const params = { path: { shift: id } };
      const headers = { 'Content-Type': 'application/gpx+xml' };
      const body = await file.text();
      const sent = api.POST('/shifts/{shift}/track', { params, headers, body, bodySerializer: (gpx) => gpx });
      setImported(await answer<Imported>(sent));
      setProblem(null);
      await reload();
    } catch (cause) {
      setImported(null);
      setProblem(asProblem(cause));
    }
  };
  return (
    <li className="patrol-item">
      <p>
        <strong className="figures">{moment(started_at, language)}</strong>
        <span className="figures">
          {started_at && ended_at
            ? elapsed((Date.parse(ended_at) - Date.parse(started_at)) / 1000)
            : t('patrol.tracks.open')}
        </span>
      </p>
      <p className="soft">
        {t(`patrol.transport.${transport}`)} · {t('patrol.fixes', { count: fixes })}
      </p>
      <div className="patrol-row">
        {fixes > 0 && (
          <a className="patrol-link" href={`${API}/shifts/${id}/gpx`} download>
            {t('patrol.tracks.out')}
          </a>
        )}
        <label className="patrol-link">
          {t('patrol.tracks.in')}
          <input
            type="file"
            accept=".gpx,application/gpx+xml"
            className="off-screen"
            onChange={(event) => {
              read(event.target.files?.[0]);
              event.target.value = '';
            }}
          />
        </label>
      </div>
      {problem && (
        <p className="patrol-bad" role="alert">
          {say(problem)}
        </p>
      )}
      {imported && (
        <div role="status">
          <p>{t('patrol.tracks.taken', { count: imported.taken, known: imported.known })}</p>
          {imported.left_out.slice(0, MOST_LEFT).map(({ first, last, why }) => (
            <p key={first} className="soft">
              {t('patrol.tracks.left', { first, last, why: t(`patrol.tracks.why.${why}`) })}
            </p>
          ))}
        </div>
      )}
    </li>
  );
}
