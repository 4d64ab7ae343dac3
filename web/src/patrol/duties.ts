// What is to be done now: incidents given to one's posts, visits, checkpoints, beats,
// blocks and premises that are due. It is kept for where there is no signal, without names
// or numbers of persons; what is asked for how often is told in lists.ts.
import { create } from 'zustand';
import { type Kept, keptOf, readThrough } from './cache';
import {
  type Beat,
  type Block,
  type Building,
  type Cadence,
  type Checkpoint,
  type Colleague,
  type DueVisit,
  dayInChina,
  type Given,
  type Holding,
  LISTS,
  type ListOf,
  NAMES,
  type Name,
  OLD,
  SLOW,
} from './lists';
import type { Kind, Outbox } from './outbox/store';
import { usePlace } from './place';
import { useDuty } from './shift';
import { useWho } from './who';

export type Duties = {
  incidents: Given[];
  /** Other open incidents of one's area. */
  around: Given[];
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
export type Done = Record<string, { what: string; at: number }>;

type Lists = { [N in Name]?: Kept<ListOf<N>> };

type State = {
  lists: Lists;
  /** Of the lists, once all of them came; the time is that of the oldest that is not slow. */
  duties: Kept<Duties> | null;
  done: Done;
  /** Incidents that the officer has looked at. */
  seen: string[];
};

const NONE: State = { lists: {}, duties: null, done: {}, seen: [] };
export const useDuties = create<State>(() => NONE);

/** How often it is looked what is due, in milliseconds. */
const OFTEN = 60_000;

/** A list that comes due this long before the next look is asked for now, in milliseconds. */
const SOON = OFTEN / 2;

/** fresh are the incidents that nobody has looked at on this phone. */
export const fresh = ({ duties, seen }: State): string[] =>
  (duties?.value.incidents ?? []).map(({ id }) => id).filter((id) => !seen.includes(id));

type Due = (name: Name, age: number) => boolean;
const always: Due = () => true;
const inTime: Due = (name, age) => age >= LISTS[name].every - SOON;

/** runDuties keeps the duties of an officer up to date until it is stopped. */
export async function runDuties(outbox: Outbox, signal: AbortSignal): Promise<void> {
  const [kept, done, seen] = await Promise.all([
    Promise.all(NAMES.map(async (name) => [name, await keptOf(outbox, name)] as const)),
    outbox.kept('done'),
    outbox.kept('seen'),
  ]);
  if (signal.aborted) return;
  const lists = withLists({}, kept);
  useDuties.setState({
    lists,
    duties: dutiesOf(lists),
    done: (done as Done | undefined) ?? {},
    seen: (seen as string[] | undefined) ?? [],
  });
  let asking = false;
  const ask = async (due: Due) => {
    if (asking || document.visibilityState !== 'visible' || useWho.getState().sign_in !== 'holds') return;
    asking = true;
    await refresh(outbox, due, signal).finally(() => {
      asking = false;
    });
  };
  const look = () => ask(inTime);
  const contact = () => ask((name, age) => age >= OLD || inTime(name, age));
  const clock = setInterval(look, OFTEN);
  const signedIn = useWho.subscribe((who, before) => {
    if (who.sign_in === 'holds' && before.sign_in !== 'holds') ask(always);
  });
  window.addEventListener('online', contact);
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', () => {
    clearInterval(clock);
    signedIn();
    window.removeEventListener('online', contact);
    document.removeEventListener('visibilitychange', look);
    useDuties.setState(NONE);
  });
  await ask(always);
}

/** The list in which the things stand that something was done to, by the first part of their keys. */
const LIST_OF: Record<string, Name | undefined> = {
  step: 'incidents',
  visit: 'visits',
  mark: 'checkpoints',
  inspection: 'premises',
  refusal: 'visits',
};
const listOf = (key: string) => LIST_OF[key.slice(0, key.indexOf('/'))];

/**
 * refresh asks for the lists that are due, and for those in which something was done that the
 * server knows by now; it tells of incidents that were not there before.
 */
export async function refresh(outbox: Outbox, isDue: Due, signal?: AbortSignal): Promise<void> {
  const before = useDuties.getState();
  const settled = (await outbox.waiting()).every(({ kind }) => kind === 'fixes');
  const changed = settled ? Object.keys(before.done).map(listOf) : [];
  const now = Date.now();
  const asked = NAMES.filter((name) => {
    const age = now - (before.lists[name]?.at ?? 0);
    return age < 0 || isDue(name, age) || changed.includes(name); // the clock of a phone may be set back
  });
  const read = await Promise.all(
    asked.map(
      async (name) => [name, await readThrough<unknown>(outbox, name, LISTS[name].ask, signal)] as const,
    ),
  );
  const came = read.filter(([name, kept]) => kept && kept.at !== before.lists[name]?.at);
  if (signal?.aborted || came.length === 0) return;
  const lists = withLists(useDuties.getState().lists, came);
  useDuties.setState({ lists, duties: dutiesOf(lists) });
  const answered = came.map(([name]) => name);
  if (settled) await forgetDone(outbox, before.done, answered);
  const known = new Set(before.lists.incidents?.value.map(({ id }) => id));
  if (before.lists.incidents && lists.incidents?.value.some(({ id }) => !known.has(id))) chime();
}

const withLists = (lists: Lists, came: readonly (readonly [Name, Kept<unknown> | null])[]): Lists => ({
  ...lists,
  ...Object.fromEntries(came.filter(([, kept]) => kept !== null)),
});

/** dutiesOf puts the lists together; null while one of them never came. */
function dutiesOf(lists: Lists): Kept<Duties> | null {
  const { incidents, around, visits, checkpoints, beats, blocks, premises, cadences, own } = lists;
  if (!incidents || !around || !visits || !checkpoints || !beats || !blocks) return null;
  if (!premises || !cadences || !own) return null;
  const given = new Set(incidents.value.map(({ id }) => id));
  return {
    at: Math.min(...NAMES.filter((name) => LISTS[name].every < SLOW).map((name) => lists[name]?.at ?? 0)),
    value: {
      incidents: incidents.value,
      around: around.value.filter(({ id }) => !given.has(id)),
      visits: visits.value,
      checkpoints: checkpoints.value,
      beats: beats.value,
      blocks: blocks.value,
      premises: premises.value,
      cadences: cadences.value,
      ...own.value,
    },
  };
}

/** forgetDone drops what had been done before the server answered: it stands in the answer. */
async function forgetDone(outbox: Outbox, known: Done, answered: readonly Name[]): Promise<void> {
  const { done } = useDuties.getState();
  const left = Object.entries(done).filter(([key, { at }]) => {
    const list = listOf(key);
    return known[key]?.at !== at || (list !== undefined && !answered.includes(list));
  });
  if (left.length === Object.keys(done).length) return;
  useDuties.setState({ done: Object.fromEntries(left) });
  await outbox.keep('done', Object.fromEntries(left));
}

/** look says that the officer has seen what is there. */
export async function look(outbox: Outbox): Promise<void> {
  const seen = useDuties.getState().duties?.value.incidents.map(({ id }) => id) ?? [];
  useDuties.setState({ seen });
  await outbox.keep('seen', seen);
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

const refusalKey = (household: number) => `refusal/${household}`;

/** visited is what was done with a visit, or with all of its household; undefined when nothing. */
export const visited = (done: Done, visit: DueVisit) =>
  done[visitKey(visit)] ?? done[refusalKey(visit.household)];

/** refuseVisits says that a household wants no visits any more. */
export async function refuseVisits(outbox: Outbox, { household }: DueVisit): Promise<void> {
  await queue(outbox, 'refusal', { household }, refusalKey(household), 'never');
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
