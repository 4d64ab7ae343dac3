// What the officer has done and the server does not hold yet, in a database of this
// browser: one for each account, so that two officers of one phone stay apart. Every
// change is on the disk ("strict") before it is told as done.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { create } from 'zustand';

export const KINDS = [
  'shift',
  'fixes',
  'incident',
  'visit',
  'refusal',
  'mark',
  'step',
  'inspection',
] as const;
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

/** A photo of a report. It goes out by itself, in pieces, once the server holds the report. */
export type Photo = {
  /** The name under which the server takes it once. */
  id: string;
  /** The report it belongs to. */
  item: string;
  bytes: number;
  /** draft: its report is still being written. */
  state: 'draft' | 'queued' | 'refused';
  refusal: Refusal | null;
};

/** Milliseconds since 1970 by the phone, longitude, latitude, accuracy in metres. */
export type FixRow = [ms: number, lon: number, lat: number, accuracy: number | null];

/** What the page keeps beside the items, by name. */
type Kept = Record<string, unknown>;

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
  photo: { key: string; value: Photo; indexes: { item: string } };
  /** The photos themselves, apart, so that telling how they stand reads none of them. */
  picture: { key: string; value: Blob };
  /** This phone's name, and what the page keeps of the shift. */
  kept: { key: string; value: unknown };
}

type Database = IDBPDatabase<Schema>;
type Store = 'item' | 'fix' | 'sequence' | 'photo' | 'picture' | 'kept';
type Writing = IDBPTransaction<Schema, Store[], 'readwrite'>;

const nameOf = (account: number) => `wangge.patrol.${account}`;

/** letGo closes an outbox that another tab, or another part of this one, wipes. */
const letGo = (_current: number, _wanted: number | null, event: IDBVersionChangeEvent) =>
  (event.target as IDBDatabase).close();

/** OnItsWay tells why an item cannot be changed: the server may hold it already. */
export class OnItsWay extends Error {
  override name = 'OnItsWay';
}

export type Outbox = Awaited<ReturnType<typeof openOutbox>>;

/** openOutbox opens the outbox of an account, and makes it when there is none. */
export async function openOutbox(account: number) {
  const db: Database = await openDB<Schema>(nameOf(account), 2, {
    upgrade(made, before) {
      if (before < 2) {
        made.createObjectStore('photo', { keyPath: 'id' }).createIndex('item', 'item');
        made.createObjectStore('picture');
      }
      if (before > 0) return;
      const item = made.createObjectStore('item', { keyPath: 'n', autoIncrement: true });
      item.createIndex('id', 'id', { unique: true });
      item.createIndex('state', 'state');
      made.createObjectStore('fix');
      made.createObjectStore('sequence');
      made.createObjectStore('kept');
    },
    blocking: letGo,
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

  /**
   * add queues something that was done, and the photos that it names. What the page keeps
   * of it (keeping) is on the disk with it or not at all, so that nothing is done twice after
   * a browser was killed in between.
   */
  const add = (
    kind: Kind,
    body: object,
    { at = new Date(), id = crypto.randomUUID() as string, keeping = {} as Kept } = {},
  ): Promise<string> =>
    writing(['item', 'photo', 'picture', 'kept'], async (tx) => {
      await tx
        .objectStore('item')
        .add({ id, kind, at: at.toISOString(), body, state: 'queued', refusal: null });
      await adopt(tx, id, body);
      await keepAll(tx, keeping);
      return id;
    });

  async function keepAll(tx: Writing, keeping: Kept): Promise<void> {
    for (const [name, value] of Object.entries(keeping)) await tx.objectStore('kept').put(value, name);
  }

  /** adopt queues the drafts of photos that a report names, and drops those that it does not. */
  async function adopt(tx: Writing, id: string, body: object): Promise<void> {
    const named = (body as { photos?: string[] }).photos ?? [];
    const photos = tx.objectStore('photo');
    for (const photo of await photos.index('item').getAll(id)) {
      if (!named.includes(photo.id)) await forgetPhoto(tx, photo.id);
      else if (photo.state === 'draft') await photos.put({ ...photo, state: 'queued' });
    }
  }

  async function forgetPhoto(tx: Writing, id: string): Promise<void> {
    await tx.objectStore('photo').delete(id);
    await tx.objectStore('picture').delete(id);
  }

  /** addPhoto keeps a photo of a report that is being written. */
  const addPhoto = (item: string, picture: Blob): Promise<string> =>
    writing(['photo', 'picture'], async (tx) => {
      const id = crypto.randomUUID();
      const photo: Photo = { id, item, bytes: picture.size, state: 'draft', refusal: null };
      await tx.objectStore('photo').add(photo);
      await tx.objectStore('picture').add(picture, id);
      return id;
    });

  const photos = (): Promise<Photo[]> => db.getAll('photo');

  const picture = (id: string): Promise<Blob | undefined> => db.get('picture', id);

  /** sendable are the photos whose reports the server holds. */
  const sendable = async (): Promise<Photo[]> => {
    const unsent = new Set((await list()).filter(({ state }) => state !== 'sent').map(({ id }) => id));
    return (await photos()).filter(({ state, item }) => state === 'queued' && !unsent.has(item));
  };

  /** settlePhoto takes the server's word about a photo: what it holds is dropped here. */
  const settlePhoto = (id: string, refusal: Refusal | null): Promise<void> =>
    writing(['photo', 'picture'], async (tx) => {
      const photo = await tx.objectStore('photo').get(id);
      if (photo && refusal) await tx.objectStore('photo').put({ ...photo, state: 'refused', refusal });
      else await forgetPhoto(tx, id);
    });

  /** retryPhoto sends a refused photo once more. */
  const retryPhoto = (id: string): Promise<void> =>
    writing(['photo'], async (tx) => {
      const photo = await tx.objectStore('photo').get(id);
      if (photo) await tx.objectStore('photo').put({ ...photo, state: 'queued', refusal: null });
    });

  /** dropPhoto takes a photo out for good. */
  const dropPhoto = (id: string): Promise<void> => writing(['photo', 'picture'], (tx) => forgetPhoto(tx, id));

  /** dropDrafts takes out the photos of a report that nobody will send. */
  const dropDrafts = (item: string): Promise<void> =>
    writing(['photo', 'picture'], async (tx) => {
      for (const photo of await tx.objectStore('photo').index('item').getAll(item)) {
        if (photo.state === 'draft') await forgetPhoto(tx, photo.id);
      }
    });

  /** record keeps a fix of a shift, under the next number of its sequence, and how the shift stands with it. */
  const record = (shift: { id: string }, fix: FixRow): Promise<void> =>
    writing(['fix', 'sequence', 'kept'], async (tx) => {
      const sequence = (await tx.objectStore('sequence').get(shift.id)) ?? 1;
      await tx.objectStore('fix').add(fix, [shift.id, sequence]);
      await tx.objectStore('sequence').put(sequence + 1, shift.id);
      await tx.objectStore('kept').put(shift, 'shift');
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

  /**
   * leaving says that items leave the phone now: from here on the server may hold them. It
   * returns them as they are by now: the officer may have edited or dropped some meanwhile.
   */
  const leaving = (items: readonly Item[]): Promise<Item[]> =>
    writing(['item'], async (tx) => {
      const left: Item[] = [];
      for (const { n } of items) {
        const item = (await tx.objectStore('item').get(n)) as Item | undefined;
        if (item?.state !== 'queued' && item?.state !== 'sending') continue;
        left.push({ ...item, state: 'sending' });
        await tx.objectStore('item').put({ ...item, state: 'sending' });
      }
      return left;
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

  /** edit gives an item another body; its name, its time and its place in the order stay. */
  const edit = (id: string, body: object, keeping: Kept = {}): Promise<void> =>
    writing(['item', 'photo', 'picture', 'kept'], async (tx) => {
      const item = await mine(tx, id);
      await tx.objectStore('item').put({ ...item, body, state: 'queued', refusal: null });
      await adopt(tx, id, body);
      await keepAll(tx, keeping);
    });

  /** retry sends a refused item once more, as it is. */
  const retry = (id: string): Promise<void> =>
    writing(['item'], async (tx) => {
      const item = await mine(tx, id);
      await tx.objectStore('item').put({ ...item, state: 'queued', refusal: null });
    });

  /** drop takes an item out for good, with its photos. */
  const drop = (id: string): Promise<void> =>
    writing(['item', 'photo', 'picture'], async (tx) => {
      const item = await mine(tx, id);
      await tx.objectStore('item').delete(item.n);
      await adopt(tx, id, {});
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

  /** take adds items and photos that were saved elsewhere; those known here stay as they are. Returns how many came. */
  const take = (
    items: readonly Omit<Item, 'n'>[],
    saved: readonly { id: string; item: string; picture: Blob }[],
  ): Promise<number> =>
    writing(['item', 'photo', 'picture'], async (tx) => {
      let came = 0;
      for (const item of items) {
        if (await tx.objectStore('item').index('id').get(item.id)) continue;
        await tx.objectStore('item').add(item);
        came++;
      }
      for (const { id, item, picture } of saved) {
        if (await tx.objectStore('photo').get(id)) continue;
        await tx.objectStore('photo').add({ id, item, bytes: picture.size, state: 'queued', refusal: null });
        await tx.objectStore('picture').add(picture, id);
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
    addPhoto,
    photos,
    picture,
    sendable,
    settlePhoto,
    retryPhoto,
    dropPhoto,
    dropDrafts,
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

/**
 * deviceOf is the name of this phone for an account, and null where there is no outbox: it
 * makes none, so that asking never brings back what was wiped meanwhile.
 */
export async function deviceOf(account: number): Promise<string | null> {
  const db = await openDB<Schema>(nameOf(account), undefined, {
    upgrade: (_made, _before, _version, tx) => {
      tx.done.catch(() => {}); // told by the opening itself
      tx.abort();
    },
    blocking: letGo,
  }).catch((cause: DOMException) => {
    if (cause.name === 'AbortError') return null;
    throw cause;
  });
  try {
    return ((await db?.get('kept', 'device')) as string | undefined) ?? null;
  } finally {
    db?.close();
  }
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
