// The outbox as a file: for a phone whose storage may be cleared, or that is handed in.
// Its first line is JSON; the photos that it names follow one after another.
import { type Item, KINDS, type Outbox } from './store';

const FORMAT = 'wangge-outbox';

/** How much of a file is read at once in search of the end of its first line. */
const CHUNK = 4 * 1024 * 1024;

/** FileRefused tells why a file is not taken in. */
export class FileRefused extends Error {
  override name = 'FileRefused';
  readonly reason: 'unreadable' | 'other_account';

  constructor(reason: 'unreadable' | 'other_account') {
    super(reason);
    this.reason = reason;
  }
}

type SavedPhoto = { id: string; item: string; bytes: number };
type Saved = { account: unknown; items: Item[]; photos: SavedPhoto[] };

/** save writes everything that the server does not hold yet, with its photos. */
export async function save(outbox: Outbox): Promise<Blob> {
  await outbox.seal(); // fixes get the names under which this phone sends them
  const items = (await outbox.list()).filter(({ state }) => state !== 'sent');
  const kept = items.map(({ id, kind, at, body }) => ({ id, kind, at, body }));
  const photos: SavedPhoto[] = [];
  const pictures: Blob[] = [];
  for (const { id, item, state } of await outbox.photos()) {
    const picture = state === 'draft' ? undefined : await outbox.picture(id);
    if (!picture) continue;
    photos.push({ id, item, bytes: picture.size });
    pictures.push(picture);
  }
  const first = {
    format: FORMAT,
    account: outbox.account,
    saved_at: new Date().toISOString(),
    items: kept,
    photos,
  };
  return new Blob([JSON.stringify(first), '\n', ...pictures], { type: 'application/octet-stream' });
}

/**
 * load takes a saved outbox in, and returns how many items and photos were new. They count
 * as on their way: the phone that saved them may have sent them since.
 */
export async function load(outbox: Outbox, file: Blob): Promise<number> {
  const [line, start] = await firstLine(file);
  const saved = parse(line);
  if (saved.account !== outbox.account) throw new FileRefused('other_account');
  if (!saved.items.every(isItem) || !saved.photos.every(isPhoto)) throw new FileRefused('unreadable');
  const photos = [];
  let from = start;
  for (const { id, item, bytes } of saved.photos) {
    const picture = file.slice(from, from + bytes, 'image/jpeg');
    if (picture.size !== bytes) throw new FileRefused('unreadable'); // it was cut off
    // Read now: what a file holds is gone when the file is.
    photos.push({ id, item, picture: new Blob([await picture.arrayBuffer()], { type: 'image/jpeg' }) });
    from += bytes;
  }
  return outbox.take(
    saved.items.map(({ id, kind, at, body }) => ({ id, kind, at, body, state: 'sending', refusal: null })),
    photos,
  );
}

/** firstLine is the text of the first line of a file, and where what follows begins. */
async function firstLine(file: Blob): Promise<[text: string, start: number]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let from = 0; from < file.size; from += CHUNK) {
    const chunk = new Uint8Array(await file.slice(from, from + CHUNK).arrayBuffer());
    const end = chunk.indexOf(0x0a);
    parts.push(end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0) return [await new Blob(parts).text(), from + end + 1];
  }
  return [await new Blob(parts).text(), file.size];
}

function parse(text: string): Saved {
  let file: { format?: unknown; account?: unknown; items?: unknown; photos?: unknown } | null;
  try {
    file = JSON.parse(text);
  } catch {
    throw new FileRefused('unreadable');
  }
  const photos = file?.photos ?? [];
  if (file?.format !== FORMAT || !Array.isArray(file.items) || !Array.isArray(photos)) {
    throw new FileRefused('unreadable');
  }
  return { account: file.account, items: file.items, photos };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isItem(item: Partial<Item> | null): boolean {
  return (
    item !== null &&
    typeof item === 'object' &&
    UUID.test(String(item.id)) &&
    KINDS.some((kind) => kind === item.kind) &&
    !Number.isNaN(Date.parse(String(item.at))) &&
    typeof item.body === 'object' &&
    item.body !== null
  );
}

function isPhoto(photo: Partial<SavedPhoto> | null): boolean {
  return (
    photo !== null &&
    typeof photo === 'object' &&
    UUID.test(String(photo.id)) &&
    UUID.test(String(photo.item)) &&
    Number.isSafeInteger(photo.bytes) &&
    Number(photo.bytes) > 0
  );
}
