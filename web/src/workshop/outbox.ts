// What the server has not been told yet, kept in this browser so that neither a lost
// connection nor a reload loses it: the edits of a draft in order, with the revision of
// the draft that they were made on.
import type { Edit, Turn } from './types';

/** Something to tell the server, once: the key tells it apart from one sent again. */
export type Command = { key: string; edit: Edit } | { key: string; turn: Turn };

export type Kept = { revision: number; queue: Command[] };

export type Outbox = {
  get(plan: number): Kept | null;
  /** put reports whether it is kept; storage may be blocked or full. */
  put(plan: number, kept: Kept): boolean;
};

const name = (plan: number) => `wangge.workshop.${plan}`;

export const outbox: Outbox = {
  get(plan) {
    try {
      const kept = JSON.parse(localStorage.getItem(name(plan)) ?? 'null') as Kept | null;
      return kept && Array.isArray(kept.queue) && kept.queue.length > 0 ? kept : null;
    } catch {
      return null;
    }
  },
  put(plan, kept) {
    try {
      if (kept.queue.length === 0) localStorage.removeItem(name(plan));
      else localStorage.setItem(name(plan), JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  },
};
