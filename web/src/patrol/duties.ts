// What is to be done now: incidents given to one's posts, visits, checkpoints, beats,
// blocks and premises that are due. It is kept for where there is no signal, without names
// or numbers of persons, and asked for again each minute while the page is looked at.
import { create } from 'zustand';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { type Kept, readThrough } from './cache';
import type { Kind, Outbox } from './outbox/store';
import { usePlace } from './place';
import { useDuty } from './shift';
import { useWho } from './who';

type Schemas = components['schemas'];
export type Given = Schemas['Incident'];
export type DueVisit = Schemas['Due'];
export type Checkpoint = Schemas['Checkpoint'];
export type Beat = Schemas['Beat'];
export type Block = Schemas['Block'];
export type Building = Schemas['Building'];
export type Cadence = Schemas['Cadence'];
export type Holding = Schemas['Holding'];
type Post = Schemas['Post'];

export type Colleague = { account: number; name: string };

export type Duties = {
  incidents: Given[];
  /** Other open incidents of one's area; absent in what an older page kept. */
  around?: Given[];
  visits: DueVisit[];
  checkpoints: Checkpoint[];
  beats: Beat[];
  blocks: Block[];
  premises: Building[];
  cadences: Cadence[];
  posts: Holding[];
  /** Who holds a post in the units of one's own, to go along. */
  colleagues: Colleague[];
};

/** What was done on this phone and may not have come back from the server yet, by what it was done to. */
type Done = Record<string, { what: string; at: number }>;

type State = {
  duties: Kept<Duties> | null;
  done: Done;
  /** Incidents that the officer has looked at. */
  seen: string[];
};

export const useDuties = create<State>(() => ({ duties: null, done: {}, seen: [] }));

/** How often the server is asked, in milliseconds. */
const OFTEN = 60_000;

/** How many days ahead visits are listed, for who plans the way. */
const AHEAD = 7;

/** How many of a kind a phone keeps. */
const MOST = 500;

/** How many incidents of others in one's area are shown, the newest. */
const AROUND = 200;

/** fresh are the incidents that nobody has looked at on this phone. */
export const fresh = ({ duties, seen }: State): string[] =>
  (duties?.value.incidents ?? []).map(({ id }) => id).filter((id) => !seen.includes(id));

/** runDuties keeps the duties of an officer up to date until it is stopped. */
export async function runDuties(outbox: Outbox, signal: AbortSignal): Promise<void> {
  const [duties, done, seen] = await Promise.all(
    ['read.duties', 'done', 'seen'].map((name) => outbox.kept(name)),
  );
  if (signal.aborted) return;
  useDuties.setState({
    duties: (duties as Kept<Duties> | undefined) ?? null,
    done: (done as Done | undefined) ?? {},
    seen: (seen as string[] | undefined) ?? [],
  });
  let asking = false;
  const ask = async () => {
    if (asking || document.visibilityState !== 'visible' || useWho.getState().sign_in !== 'holds') return;
    asking = true;
    await refresh(outbox, signal).finally(() => {
      asking = false;
    });
  };
  const clock = setInterval(ask, OFTEN);
  const signedIn = useWho.subscribe((who, before) => {
    if (who.sign_in === 'holds' && before.sign_in !== 'holds') ask();
  });
  window.addEventListener('online', ask);
  document.addEventListener('visibilitychange', ask);
  signal.addEventListener('abort', () => {
    clearInterval(clock);
    signedIn();
    window.removeEventListener('online', ask);
    document.removeEventListener('visibilitychange', ask);
    useDuties.setState({ duties: null, done: {}, seen: [] });
  });
  await ask();
}

/** refresh asks the server, and tells of incidents that were not there before. */
export async function refresh(outbox: Outbox, signal?: AbortSignal): Promise<void> {
  const before = useDuties.getState().duties;
  const settled = (await outbox.waiting()).every(({ kind }) => kind === 'fixes');
  const duties = await readThrough(outbox, 'duties', () => read(signal));
  // What a report and a step need is there before the first of them without signal.
  await readThrough(outbox, 'categories', () => answer(api.GET('/incident-categories', { signal })));
  await readThrough(outbox, 'reasons', () => answer(api.GET('/incident-reasons', { signal })));
  if (signal?.aborted || !duties || duties.at === before?.at) return;
  const known = new Set(before?.value.incidents.map(({ id }) => id));
  useDuties.setState({ duties });
  if (settled) await keepDone(outbox, {}); // the server knew all of it when it answered
  if (before && duties.value.incidents.some(({ id }) => !known.has(id))) chime();
}

async function read(signal?: AbortSignal): Promise<Duties> {
  type Page<T> = Promise<{ items: T[] }>;
  const [incidents, open, visits, checkpoints, beats, blocks, premises, cadences, session] =
    await Promise.all([
      answer(
        api.GET('/incidents', {
          signal,
          params: { query: { mine: true, open: true, order: 'due', limit: MOST } },
        }),
      ) as Page<Given>,
      answer(
        api.GET('/incidents', { signal, params: { query: { open: true, limit: AROUND } } }),
      ) as Page<Given>,
      answer(
        api.GET('/visits/due', {
          signal,
          params: { query: { mine: true, limit: MOST, until: dayInChina(AHEAD) } },
        }),
      ) as Page<DueVisit>,
      answer(api.GET('/checkpoints', { signal, params: { query: { limit: MOST } } })) as Page<Checkpoint>,
      answer(api.GET('/beats', { signal, params: { query: { limit: MOST } } })) as Page<Beat>,
      answer(api.GET('/blocks', { signal, params: { query: { due: true, limit: MOST } } })) as Page<Block>,
      answer(
        api.GET('/premises', { signal, params: { query: { due: true, limit: MOST } } }),
      ) as Page<Building>,
      answer(api.GET('/cadences', { signal })) as Page<Cadence>,
      answer<Schemas['Self']>(api.GET('/session', { signal })),
    ]);
  const units = [...new Set(session.posts.map(({ unit }) => unit))].filter(Boolean).slice(0, 5);
  const teams = await Promise.all(
    units.map(
      (unit) => answer(api.GET('/posts', { signal, params: { query: { unit, limit: MOST } } })) as Page<Post>,
    ),
  );
  return {
    incidents: incidents.items,
    around: open.items.filter(({ id }) => !incidents.items.some((one) => one.id === id)),
    visits: visits.items,
    checkpoints: checkpoints.items,
    beats: beats.items,
    blocks: blocks.items,
    premises: premises.items,
    cadences: cadences.items,
    posts: session.posts,
    colleagues: colleaguesOf(
      teams.flatMap(({ items }) => items),
      session.account,
    ),
  };
}

function colleaguesOf(posts: readonly Post[], self: number): Colleague[] {
  const found = new Map<number, Colleague>();
  for (const { a, b } of posts) {
    for (const holder of [a, b]) {
      if (!holder || holder.account === self) continue;
      found.set(holder.account, { account: holder.account, name: holder.name || holder.login });
    }
  }
  return [...found.values()];
}

/** look says that the officer has seen what is there. */
export async function look(outbox: Outbox): Promise<void> {
  const seen = useDuties.getState().duties?.value.incidents.map(({ id }) => id) ?? [];
  useDuties.setState({ seen });
  await outbox.keep('seen', seen);
}

async function keepDone(outbox: Outbox, done: Done): Promise<void> {
  useDuties.setState({ done });
  await outbox.keep('done', done);
}

/** queue puts into the outbox what was done to something, and notes that it was. */
async function queue(outbox: Outbox, kind: Kind, body: object, to: string, what: string): Promise<void> {
  const done = { ...useDuties.getState().done, [to]: { what, at: Date.now() } };
  await outbox.add(kind, body, { keeping: { done } });
  useDuties.setState({ done });
}

const ofShift = () => {
  const { shift } = useDuty.getState();
  return shift ? { shift: shift.id } : {};
};

export type Outcome = 'met' | 'nobody' | 'declined';
export const OUTCOMES: readonly Outcome[] = ['met', 'nobody', 'declined'];

export const visitKey = ({ household, cadence }: DueVisit) => `visit/${household}/${cadence}`;

export async function logVisit(outbox: Outbox, visit: DueVisit, outcome: Outcome): Promise<void> {
  const { household, cadence } = visit;
  const body = { household, cadence, outcome, ...ofShift() };
  await queue(outbox, 'visit', body, visitKey(visit), outcome);
}

export const markKey = (checkpoint: number) => `mark/${checkpoint}`;

/** mark says that the officer is at a checkpoint: where the phone is, or what its code or tag says. */
export async function mark(
  outbox: Outbox,
  checkpoint: number,
  by: 'gps' | 'qr' | 'nfc',
  code?: string,
): Promise<void> {
  const { fix } = usePlace.getState();
  const place = fix ? { at: fix.at, ...(fix.accuracy === null ? {} : { accuracy: fix.accuracy }) } : {};
  const body = { checkpoint, by, ...(code ? { code } : {}), ...place, ...ofShift() };
  await queue(outbox, 'mark', body, markKey(checkpoint), by);
}

export type Grade = Building['grade'];
export const GRADES: readonly Grade[] = ['green', 'yellow', 'red'];

export const inspectionKey = (premises: number) => `inspection/${premises}`;

/** inspect says what was found at premises, and for how many months it may be relied on. */
export async function inspect(
  outbox: Outbox,
  { id, post }: Building,
  grade: Grade,
  reason: string,
  months: number,
): Promise<void> {
  const body = { premises: id, grade, reason, valid_until: dayInChina(0, months), post };
  await queue(outbox, 'inspection', body, inspectionKey(id), grade);
}

/** What an officer does with an incident; everything else is done at the desk. */
export type Act = 'accept' | 'handle' | 'return';

export const ACTS: Partial<Record<Given['state'], readonly Act[]>> = {
  reported: ['accept'],
  accepted: ['return'],
  dispatched: ['handle', 'return'],
};

export const stepKey = (incident: string) => `step/${incident}`;

export async function step(outbox: Outbox, incident: Given, act: Act, reason?: string): Promise<void> {
  const body = { incident: incident.id, act, from: incident.state, ...(reason ? { reason } : {}) };
  await queue(outbox, 'step', body, stepKey(incident.id), act);
}

/** isToday tells whether a beat is walked on a day, by the calendar of China. */
export function isToday({ weekdays }: Pick<Beat, 'weekdays'>, now: number): boolean {
  const day = new Date(now + 8 * 3_600_000).getUTCDay();
  return (weekdays ?? []).includes(day === 0 ? 7 : day);
}

/** dayInChina is the date so many days and months from now. */
function dayInChina(days: number, months = 0): string {
  const day = new Date(Date.now() + (8 + 24 * days) * 3_600_000);
  day.setUTCMonth(day.getUTCMonth() + months);
  return day.toISOString().slice(0, 10);
}

/** chime tells quietly that something new has come. */
function chime(): void {
  navigator.vibrate?.([120, 80, 120]);
  try {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const loud = sound.createGain();
    loud.gain.setValueAtTime(0.08, sound.currentTime);
    loud.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.5);
    tone.frequency.value = 660;
    tone.connect(loud).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.5);
    tone.onended = () => sound.close();
  } catch {
    // No sound without a press before it, in some browsers: the badge is there.
  }
}
