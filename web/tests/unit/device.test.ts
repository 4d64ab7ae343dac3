import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchDevices } from '../../src/patrol/offline/device';
import { deviceOf, openOutbox, wipeOutbox } from '../../src/patrol/outbox/store';

/** The other officer is asked for first. */
const [OTHER, LOST] = [7, 8];
let leaving: AbortController;

beforeEach(() => {
  leaving = new AbortController();
});

afterEach(async () => {
  leaving.abort();
  vi.unstubAllGlobals();
  await Promise.all([LOST, OTHER].map(wipeOutbox));
});

async function phoneOf(account: number): Promise<string> {
  const outbox = await openOutbox(account);
  const device = await outbox.device();
  outbox.close();
  return device;
}

const outboxes = async () => (await indexedDB.databases()).map(({ name }) => name).sort();

it('tells no name where no outbox is, and makes none', async () => {
  expect(await deviceOf(LOST)).toBeNull();
  expect(await outboxes()).toEqual([]);
  const device = await phoneOf(LOST);
  expect(await deviceOf(LOST)).toBe(device);
});

/** lose has the server say that a phone is lost, which answers for the other officer when `answer` is done. */
function lose(lost: string, answer: () => Promise<unknown>): string[] {
  const wiped: string[] = [];
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    if (path.includes(`account=${OTHER}`)) await answer();
    if (init?.method === 'POST') wiped.push(path);
    return new Response(JSON.stringify({ revoked: path.includes(lost) }));
  });
  return wiped;
}

const after = (ms: number) => new Promise((done) => setTimeout(done, ms));

it('deletes what a lost phone keeps, and never makes it anew, however often it asks at once', async () => {
  await phoneOf(OTHER);
  const lost = await phoneOf(LOST);
  const wiped = lose(lost, () => after(40 * Math.random()));
  watchDevices(leaving.signal);
  for (let n = 0; n < 20; n++) {
    window.dispatchEvent(new Event('online'));
    await after(5);
  }
  await after(200);
  expect(await outboxes()).toEqual([`wangge.patrol.${OTHER}`]);
  expect(wiped.length).toBeGreaterThan(0);
  expect(wiped.every((path) => path.includes(lost))).toBe(true);
});

it('deletes it though no answer comes for the other officer', async () => {
  await phoneOf(OTHER);
  const wiped = lose(await phoneOf(LOST), () => new Promise(() => {}));
  watchDevices(leaving.signal);
  await vi.waitFor(() => expect(wiped).toHaveLength(1));
  expect(await outboxes()).toEqual([`wangge.patrol.${OTHER}`]);
});

it('says that it was wiped until the server has heard it', async () => {
  const lost = await phoneOf(LOST);
  const heard: string[] = [];
  const answers = [() => Promise.reject(new TypeError('no contact')), () => Promise.resolve(503)];
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    if (init?.method !== 'POST') return new Response(JSON.stringify({ revoked: path.includes(lost) }));
    const status = await (answers.shift() ?? (() => Promise.resolve(204)))();
    heard.push(`${status} ${path}`);
    return new Response(null, { status });
  });
  watchDevices(leaving.signal);
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  expect(await outboxes()).toEqual([]);
  for (let n = 0; n < 4; n++) {
    window.dispatchEvent(new Event('online'));
    await after(20);
  }
  const path = `/api/v1/devices/${lost}/wiped?account=${LOST}`;
  expect(heard).toEqual([`503 ${path}`, `204 ${path}`]);
});
