import { readFileSync } from 'node:fs';
import 'fake-indexeddb/auto';
import { Blob as PlainBlob } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scaled } from '../../src/common/photo';
import { PIECE } from '../../src/common/pieces';
import { exifOf, upright, withExif } from '../../src/patrol/jpeg';
import { load, save } from '../../src/patrol/outbox/file';
import { sendPhoto } from '../../src/patrol/outbox/photos';
import { type Outbox, openOutbox, wipeOutbox } from '../../src/patrol/outbox/store';
import { looksPersonal } from '../../src/patrol/personal';

// The Blob of this environment cannot be cloned into a database.
vi.stubGlobal('Blob', PlainBlob);

const OFFICER = 7;
const REPORT = '0b8a4c1e-0000-4000-8000-000000000001';

/** exif is a segment that tells how a picture is turned, in either order of bytes. */
function exif(orientation: number, little: boolean): Uint8Array {
  const segment = new Uint8Array(4 + 6 + 8 + 2 + 12 + 4);
  segment.set([0xff, 0xe1, 0, segment.length - 2, 0x45, 0x78, 0x69, 0x66, 0, 0]);
  const view = new DataView(segment.buffer, 10);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, 0x0112, little);
  view.setUint16(12, 3, little);
  view.setUint32(14, 1, little);
  view.setUint16(18, orientation, little);
  return segment;
}

const jfif = [0xff, 0xe0, 0, 4, 1, 2];
const tables = [0xff, 0xdb, 0, 5, 1, 2, 3];
const scan = [0xff, 0xda, 0, 3, 1, 0xff, 0xe1, 0, 4, 9, 9, 0xff, 0xd9]; // what looks like a segment in it is none
const jpeg = (...parts: ArrayLike<number>[]) =>
  new Uint8Array([0xff, 0xd8, ...parts.flatMap((part) => Array.from(part)), ...scan]);

describe('the EXIF of a photo', () => {
  it('is found wherever it stands before the picture, and nowhere else', () => {
    const own = exif(6, true);
    expect(exifOf(jpeg(own, tables))).toEqual(own);
    expect(exifOf(jpeg(jfif, tables, own))).toEqual(own);
    expect(exifOf(jpeg(jfif, tables))).toBeNull();
    expect(exifOf(jpeg([0xff, 0xe1, 0, 8, 0x68, 0x74, 0x74, 0x70, 0, 0]))).toBeNull(); // XMP is another thing
    expect(exifOf(new TextEncoder().encode('no picture'))).toBeNull();
    expect(exifOf(new Uint8Array())).toBeNull();
    expect(exifOf(jpeg(own).slice(0, 20))).toBeNull(); // cut off in the middle of it
  });

  it('takes the place of another, and everything else stays byte for byte', () => {
    const [old, own] = [exif(3, false), exif(1, true)];
    expect(withExif(jpeg(jfif, tables), own)).toEqual(jpeg(jfif, own, tables));
    expect(withExif(jpeg(tables), own)).toEqual(jpeg(own, tables));
    expect(withExif(jpeg(jfif, old, tables, old), own)).toEqual(jpeg(jfif, own, tables));
    expect(exifOf(withExif(jpeg(old), own))).toEqual(own);
    expect(() => withExif(new Uint8Array([1, 2, 3]), own)).toThrow(TypeError);
  });

  it('says that the redrawn picture stands upright, in either order of bytes', () => {
    for (const little of [true, false]) {
      expect(upright(exif(6, little))).toEqual(exif(1, little));
      const cut = exif(6, little).slice(0, 22);
      expect(upright(cut)).toEqual(cut);
    }
    const odd = exif(6, true);
    odd[10] = 0x58;
    expect(upright(odd)).toEqual(odd);
  });
});

describe('a picture', () => {
  it('is never larger than it was, and never nothing', () => {
    expect(scaled(8000, 6000, 2560)).toEqual([2560, 1920]);
    expect(scaled(600, 800, 2560)).toEqual([600, 800]);
    expect(scaled(1, 9000, 2560)).toEqual([1, 2560]);
  });
});

// The table of the server's rule (geo/redact).
describe('a text', () => {
  const path = '../geo/redact/testdata/numbers.json'; // the tests run in web
  const { gone, left } = JSON.parse(readFileSync(path, 'utf8')) as {
    gone: Record<string, string>;
    left: string[];
  };
  it.each(Object.keys(gone))('with a number of a person is told: %s', (text) => {
    expect(looksPersonal(text)).toBe(true);
  });
  it.each(left)('without one is not: %s', (text) => {
    expect(looksPersonal(text)).toBe(false);
  });
});

/** A server that keeps pieces, as it promises to. */
function keeper() {
  const kept = { bytes: Buffer.alloc(0) };
  const seen = { pieces: 0, digest: '', lose: (_piece: number) => false, cut: (_piece: number) => false };
  const told = (status: number, offset = kept.bytes.length) =>
    new Response(null, { status, headers: { 'Upload-Offset': String(offset) } });
  const send = async (path: string, init: RequestInit) => {
    if (path.endsWith('/session')) return Response.json({ account: OFFICER });
    if (init.method === 'HEAD')
      return kept.bytes.length > 0 ? told(200) : new Response(null, { status: 404 });
    const headers = init.headers as Record<string, string>;
    const piece = seen.pieces++;
    if (Number(headers['Upload-Offset']) !== kept.bytes.length) return told(409);
    if (seen.cut(piece)) throw new TypeError('network');
    kept.bytes = Buffer.concat([kept.bytes, Buffer.from(await (init.body as Blob).arrayBuffer())]);
    seen.digest = headers['Upload-Digest'] ?? seen.digest;
    if (seen.lose(piece)) throw new TypeError('network');
    return told(204);
  };
  return { send, kept, seen };
}

describe('the photos of a report', () => {
  const bytes = Uint8Array.from({ length: 3 * PIECE - 100 }, (_, at) => (at * 31) % 251);
  const photo = () => new PlainBlob([bytes], { type: 'image/jpeg' }) as unknown as Blob;
  const nothing = () => {};
  let outbox: Outbox;
  beforeEach(async () => {
    outbox = await openOutbox(OFFICER);
  });
  afterEach(async () => {
    outbox.close();
    await wipeOutbox(OFFICER);
    vi.restoreAllMocks();
  });

  const report = async () => {
    const id = await outbox.addPhoto(REPORT, photo());
    await outbox.add('incident', { photos: [id] }, { id: REPORT });
    return id;
  };

  it('wait for their report, and go out whole in pieces with a digest', async () => {
    const draft = await outbox.addPhoto('another', photo());
    await report();
    const { send, kept, seen } = keeper();
    expect(await sendPhoto(outbox, nothing, send)).toEqual({ did: 'empty' });
    await outbox.settle([{ id: REPORT, refusal: null }]);
    const told: number[] = [];
    expect(await sendPhoto(outbox, (_photo, at) => told.push(at), send)).toEqual({ did: 'more' });
    expect(kept.bytes.equals(bytes)).toBe(true);
    expect(told).toEqual([0, PIECE, 2 * PIECE, bytes.length]);
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    expect(seen.digest).toBe(`sha-256=${hash}`);
    expect((await outbox.photos()).map(({ id }) => id)).toEqual([draft]); // a draft is sent to nobody
    expect(await sendPhoto(outbox, nothing, send)).toEqual({ did: 'empty' });
  });

  it('go on where the server has got to, through lost pieces, lost answers and a restart', async () => {
    await report();
    await outbox.settle([{ id: REPORT, refusal: null }]);
    const { send, kept, seen } = keeper();
    seen.cut = (piece) => piece === 1;
    seen.lose = (piece) => piece === 2 || piece === 3;
    for (let turn = 0; turn < 3; turn++) {
      expect((await sendPhoto(outbox, nothing, send)).did).toBe('wait');
      outbox.close();
      outbox = await openOutbox(OFFICER);
    }
    expect(await sendPhoto(outbox, nothing, send)).toEqual({ did: 'more' });
    expect(seen.pieces).toBe(4); // none of the three was sent twice but the one that was cut
    expect(kept.bytes.equals(bytes)).toBe(true);
    expect(await outbox.photos()).toEqual([]);
  });

  it('that the server does not take wait with the reason; one whose sign-in ended, without', async () => {
    const id = await report();
    await outbox.settle([{ id: REPORT, refusal: null }]);
    const saying =
      (status: number, code: string) =>
      async (path: string): Promise<Response> =>
        path.endsWith('/session')
          ? Response.json({ account: OFFICER })
          : Response.json({ status, code, title: code }, { status });
    for (const [status, did] of [
      [503, 'wait'],
      [429, 'wait'],
      [401, 'signed_out'],
    ] as const) {
      expect((await sendPhoto(outbox, nothing, saying(status, 'x'))).did).toBe(did);
      expect((await outbox.photos())[0]?.state).toBe('queued');
    }
    expect((await sendPhoto(outbox, nothing, saying(422, 'photo_unreadable'))).did).toBe('more');
    expect((await outbox.photos())[0]).toMatchObject({
      state: 'refused',
      refusal: { code: 'photo_unreadable' },
    });
    await outbox.retryPhoto(id);
    expect((await outbox.sendable()).length).toBe(1);
    expect((await sendPhoto(outbox, nothing, async () => Response.json({ account: 8 }))).did).toBe(
      'signed_out',
    );
    expect((await sendPhoto(outbox, nothing, saying(403, 'device_revoked'))).did).toBe('revoked');
  });

  it('follow their report: an edit drops those it does not name, deleting it drops all', async () => {
    const id = await report();
    const more = await outbox.addPhoto(REPORT, photo());
    await outbox.edit(REPORT, { photos: [more] });
    expect((await outbox.photos()).map((one) => [one.id, one.state])).toEqual([[more, 'queued']]);
    expect(await outbox.picture(id)).toBeUndefined();
    await outbox.addPhoto(REPORT, photo());
    await outbox.dropDrafts(REPORT);
    expect((await outbox.photos()).length).toBe(1);
    await outbox.drop(REPORT);
    expect(await outbox.photos()).toEqual([]);
    expect(await outbox.picture(more)).toBeUndefined();
  });

  it('are in the saved file, and come back on another phone byte for byte', async () => {
    const id = await report();
    await outbox.addPhoto('draft', photo());
    const file = await save(outbox);
    await outbox.wipe();
    outbox = await openOutbox(OFFICER);
    await expect(load(outbox, file.slice(0, file.size - 1))).rejects.toMatchObject({ reason: 'unreadable' });
    expect(await outbox.list()).toEqual([]);
    expect(await load(outbox, file)).toBe(2);
    expect(await load(outbox, file)).toBe(0);
    const back = await outbox.picture(id);
    expect(Buffer.from((await back?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(bytes)).toBe(true);
    expect((await outbox.photos()).map(({ item }) => item)).toEqual([REPORT]);
  });
});
