// What the phone asks of the server again and again, and how often: the one place for it.
// All of it is asked when the page is opened and after a sign-in, and what is a while old when
// the phone is in contact again; else each list at its own pace, while the page is looked at.
// What was done here with things of a list makes it due as soon as the server knows of it.
import { answer, api, type Tagged, taggedAnswer } from '../api/client';
import type { components } from '../api/schema';
import type { Ask } from './cache';

type Schemas = components['schemas'];
export type Given = Schemas['Incident'];
export type DueVisit = Schemas['Due'];
export type Checkpoint = Schemas['Checkpoint'];
export type Beat = Schemas['Beat'];
export type Block = Schemas['Block'];
export type Building = Schemas['Building'];
export type Cadence = Schemas['Cadence'];
export type Holding = Schemas['Holding'];
export type Category = Schemas['Category'];
export type Reason = Schemas['IncidentReason'];
export type Colleague = { account: number; name: string };

/** Own is the officer's place: posts, and who holds a post in the same units, to go along. */
export type Own = { posts: Holding[]; colleagues: Colleague[] };

const MINUTE = 60_000;
/** In milliseconds: what the desk changes now and then. */
export const SLOW = 30 * MINUTE;
/** A list this old is asked for when the phone is in contact again, in milliseconds. */
export const OLD = 5 * MINUTE;

/** How many of a kind a phone keeps. */
const MOST = 500;

/** How many incidents of others in one's area are shown, the newest. */
const AROUND = 200;

/** How many days ahead visits are listed, for who plans the way. */
const AHEAD = 7;

const mine = { mine: true, open: true, order: 'due', limit: MOST } as const;
const due = { due: true, limit: MOST };

const incidents: Ask<Given[]> = (by) => items(api.GET('/incidents', { ...by, params: { query: mine } }));
const around: Ask<Given[]> = (by) =>
  items(api.GET('/incidents', { ...by, params: { query: { open: true, limit: AROUND } } }));
const visits: Ask<DueVisit[]> = (by) => {
  const query = { mine: true, limit: MOST, until: dayInChina(AHEAD) };
  return items(api.GET('/visits/due', { ...by, params: { query } }));
};
const blocks: Ask<Block[]> = (by) => items(api.GET('/blocks', { ...by, params: { query: due } }));
const premises: Ask<Building[]> = (by) => items(api.GET('/premises', { ...by, params: { query: due } }));
const checkpoints: Ask<Checkpoint[]> = (by) =>
  items(api.GET('/checkpoints', { ...by, params: { query: { limit: MOST } } }));
const beats: Ask<Beat[]> = (by) => items(api.GET('/beats', { ...by, params: { query: { limit: MOST } } }));
const cadences: Ask<Cadence[]> = (by) => items(api.GET('/cadences', by));
const categories: Ask<Category[]> = (by) => items(api.GET('/incident-categories', by));
const reasons: Ask<Reason[]> = (by) => items(api.GET('/incident-reasons', by));

const own: Ask<Own> = async ({ signal }) => {
  const { account, posts } = await answer<Schemas['Self']>(api.GET('/session', { signal }));
  const units = [...new Set(posts.map(({ unit }) => unit))].filter(Boolean).slice(0, 5);
  const teams = await Promise.all(
    units.map((unit) =>
      answer<{ items: Schemas['Post'][] }>(
        api.GET('/posts', { signal, params: { query: { unit, limit: MOST } } }),
      ),
    ),
  );
  const colleagues = colleaguesOf(
    teams.flatMap((team) => team.items),
    account,
  );
  return { value: { posts, colleagues }, tag: null };
};

/** How often each list is asked for, in milliseconds, and why. */
export const LISTS = {
  /** A new duty is told within a minute: there is no push service to tell it. */
  incidents: { every: MINUTE, ask: incidents },
  /** Others' incidents near by; a report asks for those like it by itself. */
  around: { every: 2 * MINUTE, ask: around },
  /** These change with the day and with what colleagues do; one's own visit is noted at once. */
  visits: { every: 5 * MINUTE, ask: visits },
  blocks: { every: 5 * MINUTE, ask: blocks },
  premises: { every: 5 * MINUTE, ask: premises },
  /** The desk changes these, days or weeks apart; of checkpoints also when they were marked last. */
  checkpoints: { every: SLOW, ask: checkpoints },
  beats: { every: SLOW, ask: beats },
  cadences: { every: SLOW, ask: cadences },
  categories: { every: SLOW, ask: categories },
  reasons: { every: SLOW, ask: reasons },
  /** Hand-overs and absences; with a time of the session in it, and so without a tag. */
  own: { every: SLOW, ask: own },
};

export type Name = keyof typeof LISTS;
export const NAMES = Object.keys(LISTS) as Name[];
export type ListOf<N extends Name> = NonNullable<Awaited<ReturnType<(typeof LISTS)[N]['ask']>>>['value'];

async function items<T>(call: Parameters<typeof taggedAnswer>[0]): Promise<Tagged<T[]> | null> {
  const told = await taggedAnswer<{ items: T[] }>(call);
  return told && { value: told.value.items, tag: told.tag };
}

function colleaguesOf(posts: readonly Schemas['Post'][], self: number): Colleague[] {
  const found = new Map<number, Colleague>();
  for (const { a, b } of posts) {
    for (const holder of [a, b]) {
      if (!holder || holder.account === self) continue;
      found.set(holder.account, { account: holder.account, name: holder.name || holder.login });
    }
  }
  return [...found.values()];
}

/** dayInChina is the date so many days and months from now. */
export function dayInChina(days: number, months = 0): string {
  const day = new Date(Date.now() + (8 + 24 * days) * 3_600_000);
  day.setUTCMonth(day.getUTCMonth() + months);
  return day.toISOString().slice(0, 10);
}
