import { afterEach, describe, expect, it, vi } from 'vitest';
import { Hub, type Said } from '../../src/live/hub';
import { apply, nothing } from '../../src/live/picture';
import { Connection, reader, type ServerEvent, type Status, waitBefore } from '../../src/live/stream';
import { heard as known, moved } from '../../src/live/use-live';

const event = (name: string, data: unknown, id = '7'): ServerEvent => ({
  id,
  name,
  data: JSON.stringify(data),
});

describe('a stream', () => {
  const read = (...pieces: string[]) => {
    const got: ServerEvent[] = [];
    const take = reader((one) => got.push(one));
    for (const piece of pieces) take(piece);
    return got;
  };
  const text = ':\r\n\r\nretry: 3000\n\nid: 5\nevent: incident\ndata: {"a":\ndata: 1}\n\ndata: x\n\n';
  const want = [
    { id: '5', name: 'incident', data: '{"a":\n1}' },
    { id: '5', name: 'message', data: 'x' },
  ];

  it('is read as events, comments aside', () => {
    expect(read(text)).toEqual(want);
  });

  it('is read alike in pieces of any size', () => {
    for (const size of [1, 2, 3, 7]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(read(...pieces), `pieces of ${size}`).toEqual(want);
    }
  });

  it('does not tell an event that has not come to its end', () => {
    expect(read('id: 5\ndata: half\n')).toEqual([]);
  });

  it('is asked for again later and later, but not never', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((n) => waitBefore(n, 1))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(waitBefore(3, 0)).toBe(2000);
  });
});

describe('the picture', () => {
  const post = (n: number, on = true) => ({
    post: n,
    kind: 'worker',
    unit: '310',
    on_duty: on,
    since: null,
    cell: null,
  });

  it('begins with everybody who is on duty and changes one by one', () => {
    let p = apply(nothing, event('duty', { whole: true, posts: [post(1), post(2)] }), 10);
    p = apply(p, event('duty', { whole: false, posts: [post(1, false), post(3)] }), 20);
    expect(p.posts.map((one) => one.post)).toEqual([2, 3]);
    p = apply(p, event('duty', { whole: true, posts: [] }), 30);
    expect(p).toMatchObject({ posts: [], at: 30, last: '7' });
  });

  it('has the newest incidents first, and not for ever', () => {
    let p = nothing;
    for (let n = 0; n < 250; n++) p = apply(p, event('incident', { id: String(n), state: 'reported' }), n);
    expect(p.news).toHaveLength(200);
    expect(p.news[0]?.id).toBe('249');
  });

  it('keeps its head when something else comes', () => {
    const odd: ServerEvent = { id: '9', name: 'incident', data: 'not json' };
    expect(apply(nothing, odd, 5)).toEqual({ ...nothing, last: '9', at: 5 });
    expect(apply(nothing, event('weather', {}), 5).posts).toEqual([]);
    expect(apply(nothing, event('reset', {}), 5).resets).toBe(1);
  });
});

/** server answers each request in turn; a stream that is left open ends when it is aborted. */
function server(...answers: (number | string | Error)[]) {
  const asked: Headers[] = [];
  let turn = 0;
  const fetch = vi.fn(async (_: unknown, init?: RequestInit) => {
    asked.push(new Headers(init?.headers));
    const next = answers[turn++] ?? '';
    if (next instanceof Error) throw next;
    if (typeof next === 'number') return new Response('{"code":"forbidden"}', { status: next });
    return new Response(
      new ReadableStream({
        start(stream) {
          stream.enqueue(new TextEncoder().encode(next));
          if (turn < answers.length) stream.close();
          else init?.signal?.addEventListener('abort', () => stream.error(new Error('aborted')));
        },
      }),
    );
  });
  return { fetch: fetch as unknown as typeof globalThis.fetch, asked };
}

async function follow(answers: (number | string | Error)[], until: (said: Status[]) => boolean) {
  vi.useFakeTimers();
  const said: Status[] = [];
  const events: ServerEvent[] = [];
  const { fetch, asked } = server(...answers);
  const one = new Connection({
    address: '/live',
    fetch,
    onEvent: (got) => events.push(got),
    onStatus: (status) => said.push(status),
  });
  for (let n = 0; n < 100 && !until(said); n++) await vi.advanceTimersByTimeAsync(1000);
  one.close();
  return { said: said.map(({ state }) => state), events, asked, opened: one.opened };
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a connection', () => {
  it('goes on after the last event when it is lost', async () => {
    const got = await follow(
      ['id: 41\ndata: a\n\n', new Error('no network'), 503, 'id: 42\ndata: b\n\n'],
      (said) => said.filter(({ state }) => state === 'live').length === 2,
    );
    expect(got.events.map(({ data }) => data)).toEqual(['a', 'b']);
    expect(got.asked.map((headers) => headers.get('last-event-id'))).toEqual([null, '41', '41', '41']);
    expect(got.said).toEqual(['connecting', 'live', 'reconnecting', 'reconnecting', 'reconnecting', 'live']);
  });

  it.each([
    [401, 'signed-out'],
    [403, 'refused'],
  ])('ends with %i', async (status, state) => {
    const got = await follow([status, 'data: never\n\n'], (said) => said.length > 1);
    expect(got.said).toEqual(['connecting', state]);
    expect(got.opened).toBe(1);
  });

  it('is lost when nothing comes, not even a comment', async () => {
    const got = await follow(['id: 1\ndata: a\n\n'], (said) =>
      said.some(({ state }) => state === 'reconnecting'),
    );
    expect(got.said).toEqual(['connecting', 'live', 'reconnecting']);
  });
});

describe('the tabs of a browser', () => {
  it('share one connection, and a tab that comes later has the whole picture', async () => {
    const { fetch, asked } = server(
      'id: 3\nevent: duty\ndata: {"whole":true,"posts":[{"post":5,"on_duty":true}]}\n\n',
    );
    vi.stubGlobal('fetch', fetch);
    const heard: Record<string, Said[]> = { a: [], b: [] };
    const hub = new Hub<string>('/live', (tab, said) => heard[tab]?.push(said));
    hub.hear('a', { kind: 'hello' });
    await vi.waitFor(() => expect(heard.a?.some(({ kind }) => kind === 'event')).toBe(true));
    hub.hear('b', { kind: 'hello' });
    expect(heard.b?.[0]).toMatchObject({ kind: 'picture', status: { state: 'live' } });
    expect(heard.b?.[0]).toMatchObject({ picture: { posts: [{ post: 5 }] } });
    expect(heard.b?.at(-1)).toEqual({ kind: 'shared', tabs: 2, opened: 1 });
    expect(asked).toHaveLength(1);

    hub.hear('a', { kind: 'bye' });
    expect(heard.b?.at(-1)).toEqual({ kind: 'shared', tabs: 1, opened: 1 });
    hub.hear('b', { kind: 'bye' });
    hub.hear('a', { kind: 'hello' }); // nobody looked: it is asked for again, from where it was
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.get('last-event-id')).toBe('3');
    hub.close();
  });

  it('know what was said', () => {
    const live = { picture: nothing, status: { state: 'connecting' as const }, tabs: 0, opened: 0 };
    const told = known(live, { kind: 'event', event: event('incident', { id: 'x', state: 'held' }), at: 4 });
    expect(told.picture.news).toMatchObject([{ id: 'x', at: 4 }]);
    expect(known(told, { kind: 'status', status: { state: 'live', since: 1 } }).status.state).toBe('live');
    expect(known(told, { kind: 'shared', tabs: 3, opened: 1 })).toMatchObject({ tabs: 3, opened: 1 });
  });
});

describe('a list', () => {
  const happened = apply(
    nothing,
    event('incident', { id: 'b', state: 'accepted', unit: '9', category: '0102', deadline: null }),
    0,
  ).news[0];
  const pages = {
    pageParams: [undefined],
    pages: [{ items: [{ id: 'a' }, { id: 'b', state: 'reported' }], total: 2 }],
  } as never;

  it('loses what has gone to another state', () => {
    if (!happened) throw new Error('nothing happened');
    expect(moved(pages, happened, 'reported').pages).toEqual([{ items: [{ id: 'a' }], total: 1 }]);
  });

  it('shows how an incident stands now', () => {
    if (!happened) throw new Error('nothing happened');
    expect(moved(pages, happened, undefined).pages[0]).toMatchObject({
      total: 2,
      items: [{ id: 'a' }, { id: 'b', state: 'accepted', unit: '9' }],
    });
    expect(moved(pages, { ...happened, id: 'z' }, 'reported')).toBe(pages);
  });
});
