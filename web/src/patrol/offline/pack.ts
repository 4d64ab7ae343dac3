// The map of the officer's unit on the phone: fetched in pieces that survive an
// interruption, kept in a database of this browser, read by the map. The file holds the
// ground and borders, nobody's household (tiles/pack on the server).
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import type { LayerSpecification } from 'maplibre-gl';
import { FileSource, PMTiles } from 'pmtiles';
import { create } from 'zustand';
import { API, answer, api, asProblem, type Problem } from '../../api/client';
import type { components } from '../../api/schema';
import type { Language } from '../../common/format';
import type { Theme } from '../../theme/palette';
import { ASK } from './shell';
import { askToKeep } from './storage';

/** What the server says of the map of a unit. */
export type Offer = components['schemas']['Pack'];

/** What the file itself says beside its tiles. */
type Inside = {
  attribution: string;
  wangge: {
    unit: string;
    levels: { code: string; rank: number; title_zh: string; title_en: string }[];
    ground: Record<Theme, Record<Language, LayerSpecification[]>>;
    review_number: string;
  };
};

/** A map that is on the phone, open for reading. */
export type Pack = Offer & Inside & { tiles: PMTiles };

/** How much is fetched at once, in bytes: what an interruption costs at most. */
const PIECE = 512 * 1024;

interface Schema extends DBSchema {
  /** kept: the map in use. coming: the one that is being fetched. */
  pack: { key: 'kept' | 'coming'; value: Offer };
  piece: { key: [version: string, n: number]; value: ArrayBuffer };
}

type State = {
  pack: Pack | null;
  /** A map that the phone does not have: another version, or the first. */
  offer: Offer | null;
  /** Bytes that have come, while it is being fetched. */
  done: number | null;
  problem: Problem | null;
};

const NONE: State = { pack: null, offer: null, done: null, problem: null };

export const usePack = create<State>(() => NONE);

const nameOf = (account: number) => `wangge.pack.${account}`;

const openStore = (account: number) =>
  openDB<Schema>(nameOf(account), 1, {
    upgrade(made) {
      made.createObjectStore('pack');
      made.createObjectStore('piece');
    },
    blocking: (_current, _wanted, event) => (event.target as IDBDatabase).close(),
  });

let store: IDBPDatabase<Schema> | null = null;
let fetching: AbortController | null = null;

/** runPack opens the map of an account, and asks for another version whenever there is signal. */
export async function runPack(account: number, signal: AbortSignal): Promise<void> {
  const opened = await openStore(account);
  if (signal.aborted) {
    opened.close();
    return;
  }
  store = opened;
  const asking = setInterval(look, ASK);
  signal.addEventListener('abort', () => {
    fetching?.abort();
    window.removeEventListener('online', look);
    clearInterval(asking);
    opened.close();
    store = null;
    usePack.setState(NONE);
  });
  const kept = await opened.get('pack', 'kept');
  if (kept && !signal.aborted) usePack.setState({ pack: await openPack(opened, kept).catch(() => null) });
  window.addEventListener('online', look);
  await look();
}

/** look asks the server for the map of the officer's unit; without an answer nothing changes. */
export async function look(): Promise<void> {
  try {
    const unit = await unitOf();
    if (!unit) return;
    const offer = await answer<Offer>(api.GET('/packs/{unit}', { params: { path: { unit } } }));
    const { pack } = usePack.getState();
    usePack.setState({ offer: pack?.version === offer.version ? null : offer });
    if ((await store?.get('pack', 'coming'))?.version === offer.version) await download(); // it was interrupted
  } catch {
    // No signal, or no sign-in: what is on the phone is used.
  }
}

/** unitOf is the unit of the officer's post; for a post of the whole installation its first unit. */
async function unitOf(): Promise<string | undefined> {
  const { posts } = await answer<components['schemas']['Self']>(api.GET('/session'));
  const own = posts?.find(({ unit, on_duty }) => unit && on_duty) ?? posts?.find(({ unit }) => unit);
  if (own || !posts?.length) return own?.unit;
  const units = await answer<{ items: { code: string }[] }>(
    api.GET('/units', { params: { query: { limit: 1 } } }),
  );
  return units.items[0]?.code;
}

/** download fetches the map on offer, going on where it was interrupted. */
export async function download(): Promise<void> {
  const { offer } = usePack.getState();
  if (!offer || !store || fetching) return;
  const db = store;
  const leaving = new AbortController();
  fetching = leaving;
  usePack.setState({ done: 0, problem: null });
  try {
    await db.put('pack', offer, 'coming');
    await fetchPieces(db, offer, leaving.signal, (done) => usePack.setState({ done }));
    const pack = await openPack(db, offer);
    await settle(db, offer);
    usePack.setState({ pack, offer: null });
    await askToKeep();
  } catch (cause) {
    if (!leaving.signal.aborted) usePack.setState({ problem: asProblem(cause) });
  } finally {
    if (fetching === leaving) fetching = null;
    usePack.setState({ done: null });
  }
}

/** stop ends a download; what has come stays for the next try. */
export function stop(): void {
  fetching?.abort();
}

async function fetchPieces(
  db: IDBPDatabase<Schema>,
  offer: Offer,
  signal: AbortSignal,
  tell: (done: number) => void,
): Promise<void> {
  for (let n = 0; n * PIECE < offer.bytes; n++) {
    const key: [string, number] = [offer.version, n];
    if ((await db.count('piece', key)) === 0) {
      const response = await fetch(`${API}/packs/${encodeURIComponent(offer.unit)}/file`, {
        headers: {
          Range: `bytes=${n * PIECE}-${Math.min((n + 1) * PIECE, offer.bytes) - 1}`,
          'If-Range': `"${offer.version}"`,
        },
        signal,
      });
      if (response.status !== 206) throw await refusal(response);
      await db.put('piece', await response.arrayBuffer(), key);
    }
    tell(Math.min((n + 1) * PIECE, offer.bytes));
  }
}

/** refusal is why there is no piece; the whole file instead means that the map has changed. */
async function refusal(response: Response): Promise<unknown> {
  if (!response.ok) return response.json().catch(() => new Error(`HTTP ${response.status}`));
  await response.body?.cancel();
  setTimeout(look); // there is another version on offer
  return { status: 409, code: 'pack_changed', title: '', detail: '' };
}

/** openPack puts the pieces together and makes sure that they are what the server said. */
async function openPack(db: IDBPDatabase<Schema>, offer: Offer): Promise<Pack> {
  const pieces = await db.getAll('piece', IDBKeyRange.bound([offer.version, 0], [offer.version, Infinity]));
  const file = new File(pieces, offer.version);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  const version = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (version !== offer.version) {
    await forgetPieces(db, offer.version);
    throw { status: 409, code: 'pack_damaged', title: '', detail: '' };
  }
  const tiles = new PMTiles(new FileSource(file));
  return { ...((await tiles.getMetadata()) as Inside), ...offer, tiles };
}

const forgetPieces = (db: IDBPDatabase<Schema>, version: string) =>
  db.delete('piece', IDBKeyRange.bound([version, 0], [version, Infinity]));

/** settle makes a fetched map the one in use, and lets go of all others. */
async function settle(db: IDBPDatabase<Schema>, offer: Offer): Promise<void> {
  const tx = db.transaction(['pack', 'piece'], 'readwrite', { durability: 'strict' });
  await tx.objectStore('pack').put(offer, 'kept');
  await tx.objectStore('pack').delete('coming');
  for (const key of await tx.objectStore('piece').getAllKeys()) {
    if (key[0] !== offer.version) await tx.objectStore('piece').delete(key);
  }
  await tx.done;
}

/** remove takes the map off the phone. */
export async function remove(): Promise<void> {
  fetching?.abort();
  if (store) {
    const tx = store.transaction(['pack', 'piece'], 'readwrite');
    await Promise.all([tx.objectStore('pack').clear(), tx.objectStore('piece').clear(), tx.done]);
  }
  usePack.setState({ pack: null, offer: null, problem: null });
  await look();
}

/** wipePack deletes the map of an account, open or not. */
export const wipePack = (account: number): Promise<void> => deleteDB(nameOf(account));
