import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readThrough } from '../../src/patrol/cache';
import { markKey, refresh, runDuties, useDuties, visitKey } from '../../src/patrol/duties';
import { type DueVisit, LISTS, NAMES, SLOW } from '../../src/patrol/lists';
import { type Outbox, openOutbox, wipeOutbox } from '../../src/patrol/outbox/store';
import { useWho } from '../../src/patrol/who';

const [OFFICER, COLLEAGUE] = [7, 8];
const NEVER = () => false;
let outbox: Outbox;

/** What was asked: the path, and the tag that went along. */
let asked: { path: string; tag: string | null }[];
let lists: Record<string, object[]>;
/** offline: no answer. blind: 304 whatever is asked, as no server should. */
let mood: 'well' | 'offline' | 'blind';

/** serve answers as the server does: with a tag of account and body, and 304 to who has it. */
async function serve(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace('/api/v1', '');
  const tag = request.headers.get('If-None-Match');
  asked.push({ path, tag });
  if (mood === 'offline') throw new TypeError('network');
  if (mood === 'blind') return new Response(null, { status: 304 });
  const body = JSON.stringify(
    path === '/session'
      ? { account: outbox.account, posts: [], seen_at: Date.now() }
      : { items: lists[path] ?? [] },
  );
  const own = `"${outbox.account}.${body.length}.${body.replaceAll(/[^a-z0-9]/g, '')}"`;
  if (tag === own) return new Response(null, { status: 304, headers: { ETag: own } });
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ETag: own };
  return new Response(body, { headers });
}

const read = () => readThrough(outbox, 'beats', LISTS.beats.ask);
/** quiet waits until nothing is asked and answered any more. vi.waitFor would move the clock. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== asked.length; ) {
    before = asked.length;
    await new Promise((done) => setTimeout(done, 25));
  }
}
const paths = () => asked.splice(0).map(({ path }) => path);

beforeEach(async () => {
  asked = [];
  lists = {};
  mood = 'well';
  outbox = await openOutbox(OFFICER);
  vi.stubGlobal('fetch', serve);
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  outbox.close();
  await wipeOutbox(OFFICER);
  await wipeOutbox(COLLEAGUE);
});

describe('a list that is read through', () => {
  it('comes whole once, and is known by its tag then; the time is that of the last answer', async () => {
    lists['/beats'] = [{ id: 1 }];
    const first = await read();
    vi.setSystemTime(Date.now() + 60_000);
    const second = await read();
    expect(asked.map(({ tag }) => tag)).toEqual([null, first?.tag]);
    expect(second).toEqual({ ...first, at: (first?.at ?? 0) + 60_000 });
    expect(second?.value).toEqual([{ id: 1 }]);
    expect(await outbox.kept('read.beats')).toEqual(second);
  });

  it('comes whole again when it has changed, under its new tag', async () => {
    lists['/beats'] = [{ id: 1 }];
    const first = await read();
    lists['/beats'] = [{ id: 1 }, { id: 2 }];
    const second = await read();
    expect(second?.value).toHaveLength(2);
    expect(second?.tag).not.toBe(first?.tag);
  });

  it('is what was kept while there is no signal, with its old time', async () => {
    lists['/beats'] = [{ id: 1 }];
    const first = await read();
    vi.setSystemTime(Date.now() + 60_000);
    mood = 'offline';
    expect(await read()).toEqual(first);
    mood = 'well';
    expect((await read())?.at).toBe((first?.at ?? 0) + 60_000);
  });

  it('is asked for whole when the value was lost and the tag was not', async () => {
    lists['/beats'] = [{ id: 1 }];
    const first = await read();
    await outbox.keep('read.beats', { at: first?.at, tag: first?.tag });
    expect((await read())?.value).toEqual([{ id: 1 }]);
    expect(asked.at(-1)?.tag).toBeNull();
  });

  it('is nothing when the server says that a list holds which the phone never had', async () => {
    mood = 'blind';
    expect(await read()).toBeNull();
    expect(await outbox.kept('read.beats')).toBeUndefined();
  });

  it('is asked for whole by another account, and by the same one after its phone was wiped', async () => {
    lists['/beats'] = [{ id: 1 }];
    await read();
    outbox.close();
    outbox = await openOutbox(COLLEAGUE);
    await read();
    outbox.close();
    await wipeOutbox(OFFICER);
    outbox = await openOutbox(OFFICER);
    await read();
    expect(asked.map(({ tag }) => tag)).toEqual([null, null, null]);
  });
});

describe('the duties of an officer', () => {
  let page: AbortController;
  const later = async (minutes: number) => {
    for (let n = 0; n < minutes; n++) {
      await vi.advanceTimersByTimeAsync(60_000);
      await quiet();
    }
    return paths();
  };
  const count = (seen: string[], path: string) => seen.filter((one) => one === path).length;

  beforeEach(async () => {
    useWho.setState({ sign_in: 'holds' });
    page = new AbortController();
    await runDuties(outbox, page.signal);
  });
  afterEach(() => page.abort());

  it('asks for everything at the start, and then for each list at its own pace', async () => {
    expect(paths().sort()).toEqual(
      ['/beats', '/blocks', '/cadences', '/checkpoints', '/incident-categories', '/incident-reasons']
        .concat(['/incidents', '/incidents', '/premises', '/session', '/visits/due'])
        .sort(),
    );
    expect(useDuties.getState().duties).not.toBeNull();
    const seen = await later(30);
    expect(count(seen, '/incidents')).toBe(30 + 15);
    for (const path of ['/visits/due', '/blocks', '/premises'])
      expect([path, count(seen, path)]).toEqual([path, 6]);
    const slow = NAMES.filter((name) => LISTS[name].every === SLOW);
    expect(slow).toHaveLength(6);
    expect(seen).toHaveLength(45 + 18 + 6); // each slow one once
  });

  it('asks in contact again for what is a while old only', async () => {
    paths();
    await later(2);
    window.dispatchEvent(new Event('online'));
    await quiet();
    expect(paths()).toEqual([]);
    await later(4);
    window.dispatchEvent(new Event('online'));
    await quiet();
    expect(asked.map(({ path }) => path)).toContain('/cadences');
    expect(asked.map(({ path }) => path)).not.toContain('/incidents');
  });

  it('asks for nothing while nobody looks, and for what is due when somebody does', async () => {
    paths();
    const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    await vi.advanceTimersByTimeAsync(40 * 60_000);
    expect(paths()).toEqual([]);
    visible.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await quiet();
    expect(asked).toHaveLength(NAMES.length);
  });

  it('asks at once for the list of what was done here, and forgets only what that answered', async () => {
    const visit = { household: 1, cadence: 'linked' } as DueVisit;
    const done = { [visitKey(visit)]: { what: 'met', at: 1 }, [markKey(4)]: { what: 'gps', at: 2 } };
    useDuties.setState({ done });
    paths();
    mood = 'offline';
    await refresh(outbox, NEVER);
    expect(paths().sort()).toEqual(['/checkpoints', '/visits/due']);
    expect(useDuties.getState().done).toEqual(done);
    vi.setSystemTime(Date.now() + 1000);
    mood = 'well';
    await outbox.add('visit', {});
    await refresh(outbox, NEVER);
    expect(paths()).toEqual([]); // the server does not know yet
    await outbox.settle((await outbox.list()).map(({ id }) => ({ id, refusal: null })));
    await refresh(outbox, NEVER);
    expect(paths().sort()).toEqual(['/checkpoints', '/visits/due']);
    expect(useDuties.getState().done).toEqual({});
    expect(await outbox.kept('done')).toEqual({});
  });

  it('keeps what was done while the server was being asked', async () => {
    const visit = { household: 1, cadence: 'linked' } as DueVisit;
    useDuties.setState({ done: { [visitKey(visit)]: { what: 'nobody', at: 1 } } });
    vi.setSystemTime(Date.now() + 1000);
    const asking = refresh(outbox, NEVER);
    const again = { [visitKey(visit)]: { what: 'met', at: 2 } };
    useDuties.setState({ done: again });
    await asking;
    expect(useDuties.getState().done).toEqual(again);
  });
});
