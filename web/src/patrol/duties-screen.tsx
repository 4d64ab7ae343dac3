// What is due, kind by kind, with what can be done about it in one press.
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, asProblem, done as over, type Problem } from '../api/client';
import type { LonLat } from '../api/types';
import { away, moment, useDay, useLanguage, useTitle, useWords } from '../common/format';
import { useCategories } from './categories';
import {
  ACTS,
  type Act,
  type Duties,
  GRADES,
  type Grade,
  inspect,
  inspectionKey,
  isToday,
  logVisit,
  look,
  mark,
  markKey,
  OUTCOMES,
  refresh,
  refuseVisits,
  step,
  stepKey,
  useDuties,
  visited,
  visitKey,
} from './duties';
import type { Block, Building, Checkpoint, DueVisit, Given } from './lists';
import { usePost } from './outbox/outbox';
import type { Outbox } from './outbox/store';
import { LONGEST_TEXT, looksPersonal } from './personal';
import { usePlace } from './place';
import { useSayProblem } from './say';
import { distance, suggest, useSuggested } from './suggested';
import { useWho } from './who';

const PinMap = lazy(() => import('./pin-map'));

export function DutiesScreen({ toMap }: { toMap: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const outbox = usePost((post) => post.outbox);
  const { duties } = useDuties();
  useEffect(() => {
    if (outbox && duties) look(outbox);
  }, [outbox, duties]);
  if (!outbox) return null;
  if (!duties) {
    return (
      <div className="patrol-page">
        <p role="status">{t('patrol.duties.none')}</p>
      </div>
    );
  }
  const { value } = duties;
  const beats = value.beats.filter((beat) => isToday(beat, Date.now()));
  return (
    <div className="patrol-page">
      <p className="soft figures" role="status">
        {t('patrol.duties.asOf', { time: moment(new Date(duties.at).toISOString(), language) })}
      </p>
      <div>
        <Group name="incidents" count={value.incidents.length} open>
          {value.incidents.map((one) => (
            <Incident key={one.id} incident={one} outbox={outbox} />
          ))}
        </Group>
        <Group name="visits" count={value.visits.length}>
          {value.visits.map((visit) => (
            <Visit key={visitKey(visit)} visit={visit} duties={value} outbox={outbox} />
          ))}
        </Group>
        <Group name="checkpoints" count={value.checkpoints.length}>
          {beats.map((beat) => (
            <li key={`beat${beat.id}`} className="patrol-item">
              <p>
                <strong>{beat.name}</strong>
                <span className="figures">
                  {clock(beat.starts)}–{clock(beat.ends)}
                </span>
              </p>
              <p className="soft">
                {(beat.checkpoints ?? [])
                  .map((id) => value.checkpoints.find((one) => one.id === id)?.name ?? `#${id}`)
                  .join(' → ')}
              </p>
            </li>
          ))}
          <Checkpoints checkpoints={value.checkpoints} outbox={outbox} />
        </Group>
        <Group name="blocks" count={value.blocks.length}>
          {value.blocks.map((block) => (
            <SeenBlock key={block.zone} block={block} outbox={outbox} />
          ))}
        </Group>
        <Group name="premises" count={value.premises.length}>
          {value.premises.map((one) => (
            <Premises key={one.id} premises={one} outbox={outbox} />
          ))}
        </Group>
      </div>
      <section>
        <h2>{t('patrol.duties.suggest')}</h2>
        <Suggest duties={value} toMap={toMap} />
      </section>
    </div>
  );
}

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

type GroupName = 'incidents' | 'visits' | 'checkpoints' | 'blocks' | 'premises';

function Group(props: { name: GroupName; count: number; open?: boolean; children: ReactNode }) {
  const { t } = useTranslation();
  const { name, count, open, children } = props;
  return (
    <details className="patrol-group" open={open}>
      <summary>
        <h2>{t(`patrol.duties.${name}`)}</h2>
        <span className="figures">{count}</span>
      </summary>
      {count === 0 ? (
        <p className="soft">{t('patrol.duties.nothing')}</p>
      ) : (
        <ul className="patrol-items">{children}</ul>
      )}
    </details>
  );
}

function Incident({ incident, outbox }: { incident: Given; outbox: Outbox }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const word = useWords();
  const done = useDuties((state) => state.done[stepKey(incident.id)]);
  const [returning, setReturning] = useState(false);
  const reasons = useDuties(({ lists }) => lists.reasons?.value);
  const titleOf = useCategories();
  const late = incident.due_at !== null && Date.parse(incident.due_at) < Date.now();
  const acts = done ? [] : (ACTS[incident.state] ?? []);
  const press = (act: Act) => (act === 'return' ? setReturning(!returning) : step(outbox, incident, act));
  return (
    <li className={late ? 'patrol-item patrol-item-refused' : 'patrol-item'}>
      <p>
        <strong>{titleOf(incident.category)}</strong>
        <span>{word('patrol.duties.state', incident.state)}</span>
      </p>
      {incident.text && <p>{incident.text}</p>}
      {incident.address && <p>{incident.address}</p>}
      {incident.due_at && (
        <p className={late ? 'patrol-bad' : 'soft figures'}>
          {t(late ? 'patrol.duties.late' : 'patrol.duties.dueAt', {
            time: moment(incident.due_at, language),
          })}
        </p>
      )}
      {done && (
        <p role="status">{t('patrol.duties.doing', { what: word('patrol.duties.act', done.what) })}</p>
      )}
      <div className="patrol-row">
        {acts.map((act) => (
          <button
            key={act}
            type="button"
            aria-pressed={act === 'return' ? returning : undefined}
            onClick={() => press(act)}
          >
            {t(`patrol.duties.act.${act}`)}
          </button>
        ))}
      </div>
      {returning && !done && (
        <fieldset className="patrol-choice">
          <legend>{t('patrol.duties.why')}</legend>
          {(reasons ?? [])
            .filter((reason) => reason.acts.includes('return'))
            .map((reason) => (
              <button
                key={reason.code}
                type="button"
                onClick={() => step(outbox, incident, 'return', reason.code)}
              >
                {title(reason, reason.code)}
              </button>
            ))}
        </fieldset>
      )}
    </li>
  );
}

function Visit({ visit, duties, outbox }: { visit: DueVisit; duties: Duties; outbox: Outbox }) {
  const { t } = useTranslation();
  const title = useTitle();
  const word = useWords();
  const done = useDuties((state) => visited(state.done, visit));
  const [asking, setAsking] = useState(false);
  const day = useDay();
  const cadence = duties.cadences.find(({ code }) => code === visit.cadence);
  return (
    <li className="patrol-item">
      <p>
        <strong>{visit.address}</strong>
        <span className="soft">{title(cadence, visit.cadence)}</span>
      </p>
      <p className={visit.overdue ? 'patrol-late figures' : 'soft figures'}>
        {t(visit.overdue ? 'patrol.duties.overdueSince' : 'patrol.duties.dueOn', { day: day(visit.due_on) })}
      </p>
      {done ? (
        <p role="status">{t('patrol.duties.logged', { what: word('patrol.duties.outcome', done.what) })}</p>
      ) : (
        <div className="patrol-row">
          {OUTCOMES.map((outcome) => (
            <button key={outcome} type="button" onClick={() => logVisit(outbox, visit, outcome)}>
              {t(`patrol.duties.outcome.${outcome}`)}
            </button>
          ))}
          <button type="button" aria-pressed={asking} onClick={() => setAsking(!asking)}>
            {t('patrol.duties.refuse')}
          </button>
        </div>
      )}
      {asking && !done && (
        <fieldset className="patrol-choice">
          <legend>{t('patrol.duties.refuseWhat')}</legend>
          <button type="button" onClick={() => refuseVisits(outbox, visit)}>
            {t('patrol.duties.refuseYes')}
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            {t('common.cancel')}
          </button>
        </fieldset>
      )}
    </li>
  );
}

/** Checkpoints are listed from where the phone is on: the nearest comes first. */
function Checkpoints({ checkpoints, outbox }: { checkpoints: Checkpoint[]; outbox: Outbox }) {
  const here = usePlace(({ fix }) => fix?.at ?? null);
  const far = (one: Checkpoint) => (here ? distance(here, [one.at as LonLat]) : 0);
  return [...checkpoints]
    .sort((a, b) => far(a) - far(b))
    .slice(0, 50)
    .map((one) => <Mark key={one.id} checkpoint={one} metres={here ? far(one) : null} outbox={outbox} />);
}

type Detector = { detect: (of: ImageBitmapSource) => Promise<{ rawValue: string }[]> };
type Reader = {
  scan: (options: { signal: AbortSignal }) => Promise<void>;
  onreading:
    | ((event: {
        serialNumber: string;
        message: { records: { recordType: string; encoding?: string; data: DataView }[] };
      }) => void)
    | null;
};
const features = window as unknown as {
  BarcodeDetector?: new (options: { formats: string[] }) => Detector;
  NDEFReader?: new () => Reader;
};

function Mark(props: { checkpoint: Checkpoint; metres: number | null; outbox: Outbox }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { checkpoint, metres, outbox } = props;
  const { id, name, radius } = checkpoint;
  const done = useDuties((state) => state.done[markKey(id)]);
  const [typing, setTyping] = useState(false);
  const [code, setCode] = useState('');
  const [said, setSaid] = useState('');

  const photograph = async (file: File | undefined) => {
    if (!file || !features.BarcodeDetector) return;
    const detector = new features.BarcodeDetector({ formats: ['qr_code'] });
    const found = await detector.detect(await createImageBitmap(file)).catch(() => []);
    const value = found[0]?.rawValue;
    if (value) await mark(outbox, id, 'qr', value.slice(0, 200));
    else setSaid(t('patrol.duties.noCode'));
  };
  const touch = async () => {
    if (!features.NDEFReader) return;
    const leaving = new AbortController();
    const reader = new features.NDEFReader();
    reader.onreading = ({ message }) => {
      const text = message.records.find(({ recordType }) => recordType === 'text');
      if (!text) return setSaid(t('patrol.duties.noCode'));
      leaving.abort();
      const words = new TextDecoder(text.encoding ?? 'utf-8').decode(text.data);
      mark(outbox, id, 'nfc', words.slice(0, 200)).catch(() => setSaid(t('patrol.report.full')));
    };
    try {
      await reader.scan({ signal: leaving.signal });
      setSaid(t('patrol.duties.touch'));
    } catch {
      setSaid(t('patrol.duties.noNfc'));
    }
  };
  return (
    <li className="patrol-item">
      <p>
        <strong>{name}</strong>
        {metres !== null && <span className="figures">{away(metres, language)}</span>}
      </p>
      {done ? (
        <p role="status">
          {t(`patrol.duties.marked.${done.what as 'gps' | 'qr' | 'nfc'}`, {
            time: moment(new Date(done.at).toISOString(), language),
          })}
        </p>
      ) : (
        checkpoint.marked_at && (
          <p className="soft figures">
            {t('patrol.duties.lastMarked', { time: moment(checkpoint.marked_at, language) })}
          </p>
        )
      )}
      {metres !== null && metres > radius && <p className="soft">{t('patrol.duties.far')}</p>}
      <div className="patrol-row">
        <button type="button" disabled={metres === null} onClick={() => mark(outbox, id, 'gps')}>
          {t('patrol.duties.byGps')}
        </button>
        {features.BarcodeDetector && (
          <label className="patrol-link">
            {t('patrol.duties.byQr')}
            <input
              type="file"
              accept="image/*"
              capture="environment"
              className="off-screen"
              onChange={(event) => {
                photograph(event.target.files?.[0]);
                event.target.value = '';
              }}
            />
          </label>
        )}
        {features.NDEFReader && (
          <button type="button" onClick={touch}>
            {t('patrol.duties.byNfc')}
          </button>
        )}
        <button type="button" aria-expanded={typing} onClick={() => setTyping(!typing)}>
          {t('patrol.duties.byCode')}
        </button>
      </div>
      {typing && (
        <form
          className="patrol-row"
          onSubmit={(event) => {
            event.preventDefault();
            mark(outbox, id, 'qr', code.trim()).then(() => setTyping(false));
          }}
        >
          <input
            aria-label={t('patrol.duties.code')}
            placeholder={t('patrol.duties.code')}
            value={code}
            required
            maxLength={200}
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setCode(event.target.value)}
          />
          <button type="submit">{t('patrol.duties.doMark')}</button>
        </form>
      )}
      {said && <p role="status">{said}</p>}
    </li>
  );
}

/** SeenBlock is told to the server at once: there is nothing on the phone that would wait for it. */
function SeenBlock({ block, outbox }: { block: Block; outbox: Outbox }) {
  const { t } = useTranslation();
  const say = useSayProblem();
  const day = useDay();
  const signedIn = useWho(({ sign_in }) => sign_in === 'holds');
  const [problem, setProblem] = useState<Problem | null>(null);
  const see = async () => {
    try {
      await over(api.POST('/blocks/{code}/sightings', { params: { path: { code: block.zone } }, body: {} }));
      setProblem(null);
      await refresh(outbox, (name) => name === 'blocks');
    } catch (cause) {
      setProblem(asProblem(cause));
    }
  };
  return (
    <li className="patrol-item">
      <p>
        <strong>{block.name}</strong>
        <span className="figures">
          {block.seen_on
            ? t('patrol.duties.seenOn', { day: day(block.seen_on) })
            : t('patrol.duties.neverSeen')}
        </span>
      </p>
      {problem && <p className="patrol-bad">{say(problem)}</p>}
      <button type="button" disabled={!signedIn} onClick={see}>
        {t('patrol.duties.seeBlock')}
      </button>
    </li>
  );
}

/** For how many months a finding may be relied on. */
const MONTHS = [1, 3, 6, 12] as const;

/** Premises are inspected in three presses: the grade, how long it holds, done; what is not green says why. */
function Premises({ premises, outbox }: { premises: Building; outbox: Outbox }) {
  const { t } = useTranslation();
  const day = useDay();
  const done = useDuties((state) => state.done[inspectionKey(premises.id)]);
  const [grade, setGrade] = useState<Grade | null>(null);
  const [months, setMonths] = useState<number>(3);
  const [reason, setReason] = useState(premises.reason);
  const why = grade === 'green' ? '' : reason.trim();
  const personal = looksPersonal(why);
  return (
    <li className="patrol-item">
      <p>
        <strong>{premises.name}</strong>
        <span>{t(`patrol.duties.grade.${premises.grade}`)}</span>
      </p>
      {premises.reason && <p>{premises.reason}</p>}
      <p className="soft figures">{t('patrol.duties.validUntil', { day: day(premises.valid_until) })}</p>
      {done ? (
        <p role="status">
          {t('patrol.duties.logged', { what: t(`patrol.duties.grade.${done.what as Grade}`) })}
        </p>
      ) : (
        <form
          className="patrol-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (grade && !personal) inspect(outbox, premises, grade, why, months);
          }}
        >
          <fieldset className="patrol-choice">
            <legend>{t('patrol.duties.found')}</legend>
            {GRADES.map((one) => (
              <button key={one} type="button" aria-pressed={one === grade} onClick={() => setGrade(one)}>
                {t(`patrol.duties.grade.${one}`)}
              </button>
            ))}
          </fieldset>
          {grade && (
            <>
              <fieldset className="patrol-choice">
                <legend>{t('patrol.duties.holdsFor')}</legend>
                {MONTHS.map((one) => (
                  <button
                    key={one}
                    type="button"
                    aria-pressed={one === months}
                    onClick={() => setMonths(one)}
                  >
                    {one}
                  </button>
                ))}
              </fieldset>
              {grade !== 'green' && (
                <label className="patrol-field">
                  {t('patrol.duties.reason')}
                  <input
                    value={reason}
                    required
                    maxLength={LONGEST_TEXT}
                    onChange={(event) => setReason(event.target.value)}
                  />
                </label>
              )}
              {personal && (
                <p className="patrol-bad" role="alert">
                  {t('problem.incident_personal')}
                </p>
              )}
              <button type="submit" className="patrol-main" disabled={personal}>
                {t('patrol.duties.doInspect')}
              </button>
            </>
          )}
        </form>
      )}
    </li>
  );
}

const MINUTES = [15, 30, 60, 90] as const;

function Suggest({ duties, toMap }: { duties: Duties; toMap: () => void }) {
  const { t } = useTranslation();
  const say = useSayProblem();
  const here = usePlace(({ fix }) => fix?.at ?? null);
  const { busy, problem } = useSuggested();
  const [minutes, setMinutes] = useState<number>(30);
  const [end, setEnd] = useState<LonLat | null>(null);
  const unit = (duties.posts.find(({ on_duty }) => on_duty) ?? duties.posts[0])?.unit;
  if (!unit) return <p className="soft">{t('patrol.duties.noUnit')}</p>;
  const ask = async () => {
    if (!here) return;
    await suggest(unit, here, end ?? here, minutes);
    if (!useSuggested.getState().problem) toMap();
  };
  return (
    <>
      <p className="soft">{t('patrol.duties.suggestHint')}</p>
      <fieldset className="patrol-choice">
        <legend>{t('patrol.duties.minutes')}</legend>
        {MINUTES.map((one) => (
          <button key={one} type="button" aria-pressed={one === minutes} onClick={() => setMinutes(one)}>
            {one}
          </button>
        ))}
      </fieldset>
      <fieldset className="patrol-choice">
        <legend>{t('patrol.duties.end')}</legend>
        <button type="button" aria-pressed={end === null} onClick={() => setEnd(null)}>
          {t('patrol.duties.endHere')}
        </button>
        <button type="button" aria-pressed={end !== null} disabled={!here} onClick={() => setEnd(here)}>
          {t('patrol.duties.endThere')}
        </button>
      </fieldset>
      {end && (
        <Suspense fallback={<div className="patrol-pin-map" />}>
          <PinMap at={end} accuracy={null} onMove={setEnd} />
        </Suspense>
      )}
      {problem && (
        <p className="patrol-bad" role="alert">
          {say(problem)}
        </p>
      )}
      <button type="button" className="patrol-main" disabled={!here || busy} aria-busy={busy} onClick={ask}>
        {t('patrol.duties.doSuggest')}
      </button>
    </>
  );
}
