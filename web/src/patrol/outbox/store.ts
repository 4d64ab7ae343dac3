// What the officer has done and the server does not hold yet, in a database of this
// browser: one for each account, so that two officers of one phone stay apart. Every
// change is on the disk ("strict") before it is told as done.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { create } from 'zustand';

export const KINDS = ['shift', 'fixes', 'incident', 'visit', 'mark'] as const;
export type Kind = (typeof KINDS)[number];

/** Why the server does not take an item, as it said so. */
export type Refusal = { status: number; code: string; message: string; detail: string };

/**
 * queued: it has never left this phone. sending: it has left, and no answer came; the
 * server may hold it. refused: the server does not take it. sent: the server holds it.
 */
export type State = 'queued' | 'sending' | 'refused' | 'sent';

export type Item = {
  /** Its place in the order in which things were done. */
  n: number;
  /** The name under which the server takes it once, however often it is sent. */
  id: string;
  kind: Kind;
  /** When it was done, by the clock of the phone. */
  at: string;
  /** Null once it is sent: what the server holds is not kept here. */
  body: object | null;
  state: State;
  refusal: Refusal | null;
};

/** Milliseconds since 1970 by the phone, longitude, latitude, accuracy in metres. */
export type FixRow = [ms: number, lon: number, lat: number, accuracy: number | null];

/** The most fixes of one item. */
export const FIXES = 2_000;

/** How many sent items are remembered, for the officer to see. */
const REMEMBERED = 50;

interface Schema extends DBSchema {
  item: {
    key: number;
    value: Omit<Item, 'n'> & { n?: number };
    indexes: { id: string; state: State };
  };
  /** Fixes that no item holds yet, by shift and sequence. */
  fix: { key: [shift: string, sequence: number]; value: FixRow };
  /** The next sequence of a shift; the first is 1. */
  sequence: { key: string; value: number };
  /** This phone's name, and what the page keeps of the shift. */
  kept: { key: string; value: unknown };
}

type Database = IDBPDatabase<Schema>;
type Store = 'item' | 'fix' | 'sequence' | 'kept';
type Writing = IDBPTransaction<Schema, Store[], 'readwrite'>;

const nameOf = (account: number) => `wangge.patrol.${account}`;

/** OnItsWay tells why an item cannot be changed: the server may hold it already. */
export class OnItsWay extends Error {
  override name = 'OnItsWay';
}

export type Outbox = Awaited<ReturnType<typeof openOutbox>>;

/** openOutbox opens the outbox of an account, and makes it when there is none. */
export async function openOutbox(account: number) {
  const db: Database = await openDB<Schema>(nameOf(account), 1, {
    upgrade(made) {
      const item = made.createObjectStore('item', { keyPath: 'n', autoIncrement: true });
      item.createIndex('id', 'id', { unique: true });
      item.createIndex('state', 'state');
      made.createObjectStore('fix');
      made.createObjectStore('sequence');
      made.createObjectStore('kept');
    },
    // Another tab wipes the outbox: this one lets go of it.
    blocking: (_current, _wanted, event) => (event.target as IDBDatabase).close(),
  });

  /** writing runs a change in one transaction that is on the disk when this is done. */
  async function writing<T>(stores: Store[], change: (tx: Writing) => Promise<T>): Promise<T> {
    const tx = db.transaction(stores, 'readwrite', { durability: 'strict' });
    try {
      const result = await change(tx);
      await tx.done;
      changed();
      return result;
    } catch (cause) {
      try {
        tx.abort();
      } catch {
        // It has ended already.
      }
      await tx.done.catch(() => {});
      throw cause;
    }
  }

  /** add queues something that was done. */
  const add = (kind: Kind, body: object, at = new Date()): Promise<string> =>
    writing(['item'], async (tx) => {
      const id = crypto.randomUUID();
      await tx
        .objectStore('item')
        .add({ id, kind, at: at.toISOString(), body, state: 'queued', refusal: null });
      return id;
    });

  /** record keeps a fix of a shift at once, under the next number of its sequence. */
  const record = (shift: string, fix: FixRow): Promise<void> =>
    writing(['fix', 'sequence'], async (tx) => {
      const sequence = (await tx.objectStore('sequence').get(shift)) ?? 1;
      await tx.objectStore('fix').add(fix, [shift, sequence]);
      await tx.objectStore('sequence').put(sequence + 1, shift);
    });

  /**
   * seal makes items of the fixes that lie loose. From then on they have a name and do not
   * change, so that sending them twice is sending the same.
   */
  const seal = (): Promise<void> =>
    writing(['fix', 'item'], async (tx) => {
      const keys = await tx.objectStore('fix').getAllKeys();
      const fixes = await tx.objectStore('fix').getAll();
      let from = 0;
      while (from < keys.length) {
        const [shift, first] = keys[from] as [string, number];
        let to = from;
        while (to < keys.length && to - from < FIXES) {
          const [other, sequence] = keys[to] as [string, number];
          if (other !== shift || sequence !== first + (to - from)) break;
          to++;
        }
        const body = { shift, first, fixes: fixes.slice(from, to) };
        const at = new Date(fixes[to - 1]?.[0] ?? Date.now()).toISOString();
        const id = crypto.randomUUID();
        await tx.objectStore('item').add({ id, kind: 'fixes', at, body, state: 'queued', refusal: null });
        await tx
          .objectStore('fix')
          .delete(IDBKeyRange.bound([shift, first], [shift, first + (to - from) - 1]));
        from = to;
      }
    });

  /** list is everything in the order in which it was done. */
  const list = async (): Promise<Item[]> => (await db.getAll('item')) as Item[];

  /** waiting are the items that shall go out, first ones first. */
  const waiting = async (): Promise<Item[]> =>
    (await list()).filter(({ state }) => state === 'queued' || state === 'sending');

  /** loose counts the fixes that no item holds yet. */
  const loose = (): Promise<number> => db.count('fix');

  /** leaving says that items leave the phone now: from here on the server may hold them. */
  const leaving = (items: readonly Item[]): Promise<void> =>
    writing(['item'], async (tx) => {
      for (const item of items) await tx.objectStore('item').put({ ...item, state: 'sending' });
    });

  /** settle takes the server's word: what it holds is dropped here, what it refuses waits for the officer. */
  const settle = (verdicts: readonly { id: string; refusal: Refusal | null }[]): Promise<void> =>
    writing(['item'], async (tx) => {
      const items = tx.objectStore('item');
      for (const { id, refusal } of verdicts) {
        const item = await items.index('id').get(id);
        if (!item || item.state === 'sent') continue;
        if (refusal) await items.put({ ...item, state: 'refused', refusal });
        else await items.put({ ...item, state: 'sent', body: null, refusal: null });
      }
      const sent = await items.index('state').getAllKeys('sent');
      for (const n of sent.slice(0, Math.max(0, sent.length - REMEMBERED))) await items.delete(n);
    });

  /** mine finds an item that only this phone knows, or that the server does not take. */
  async function mine(tx: Writing, id: string) {
    const item = await tx.objectStore('item').index('id').get(id);
    if (!item || item.state === 'sent' || item.state === 'sending') throw new OnItsWay(id);
    return item as Item;
  }

  /**
   * edit gives an item another body. It gets another name, for the server does not take two
   * contents under one; its place in the order stays.
   */
  const edit = (id: string, body: object): Promise<void> =>
    writing(['item'], async (tx) => {
      const item = await mine(tx, id);
      const next = { ...item, id: crypto.randomUUID(), body, state: 'queued' as const, refusal: null };
      await tx.objectStore('item').put(next);
    });

  /** retry sends a refused item once more, as it is. */
  const retry = (id: string): Promise<void> =>
    writing(['item'], async (tx) => {
      const item = await mine(tx, id);
      await tx.objectStore('item').put({ ...item, state: 'queued', refusal: null });
    });

  /** drop takes an item out for good. */
  const drop = (id: string): Promise<void> =>
    writing(['item'], async (tx) => {
      const item = await mine(tx, id);
      await tx.objectStore('item').delete(item.n);
    });

  /** device is the name of this phone for this account, made once. */
  async function device(): Promise<string> {
    return writing(['kept'], async (tx) => {
      const known = await tx.objectStore('kept').get('device');
      if (typeof known === 'string') return known;
      const made = crypto.randomUUID();
      await tx.objectStore('kept').put(made, 'device');
      return made;
    });
  }

  const keep = (name: string, value: unknown): Promise<void> =>
    writing(['kept'], async (tx) => {
      await tx.objectStore('kept').put(value, name);
    });

  const kept = (name: string): Promise<unknown> => db.get('kept', name);

  /** take adds items that were saved elsewhere; those known here stay as they are. Returns how many came. */
  const take = (items: readonly Omit<Item, 'n'>[]): Promise<number> =>
    writing(['item'], async (tx) => {
      let came = 0;
      for (const item of items) {
        if (await tx.objectStore('item').index('id').get(item.id)) continue;
        await tx.objectStore('item').add(item);
        came++;
      }
      return came;
    });

  /** wipe deletes the outbox with everything in it. */
  async function wipe(): Promise<void> {
    db.close();
    await wipeOutbox(account);
    changed();
  }

  return {
    account,
    add,
    record,
    seal,
    list,
    waiting,
    loose,
    leaving,
    settle,
    edit,
    retry,
    drop,
    device,
    keep,
    kept,
    take,
    wipe,
    close: () => db.close(),
  };
}

/** wipeOutbox deletes the outbox of an account, open or not. */
export function wipeOutbox(account: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(nameOf(account));
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

/** Grows with every change, so that screens read again. */
export const useOutboxVersion = create<{ version: number }>(() => ({ version: 0 }));
const changed = () => useOutboxVersion.setState(({ version }) => ({ version: version + 1 }));
