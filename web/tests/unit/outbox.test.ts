import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fitting, makeDeliverer, pause, type Send } from '../../src/patrol/outbox/deliver';
import { load, save } from '../../src/patrol/outbox/file';
import { FIXES, type Item, type Outbox, openOutbox, wipeOutbox } from '../../src/patrol/outbox/store';

const [OFFICER, COLLEAGUE] = [7, 8];

/** A server that keeps what it is sent, and tells what it saw; `hold` decides what becomes of an answer. */
function server(account = OFFICER, hold: (delivery: number) => 'answer' | 'lose' | 'drop' = () => 'answer') {
  const stored = new Map<string, string>();
  const order: string[] = [];
  const seen = { deliveries: 0, sizes: [] as number[], refuse: (_item: Item) => false as boolean };
  const json = (body: unknown, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
  const send: Send = async (path, init) => {
    if (path.endsWith('/session')) return json({ account });
    const what = hold(seen.deliveries++);
    if (what === 'drop') throw new TypeError('network');
    const { items } = JSON.parse(String(init.body)) as { items: Item[] };
    seen.sizes.push(items.length);
    const verdicts = items.map((item) => {
      const text = JSON.stringify(item.body);
      if (seen.refuse(item))
        return {
          id: item.id,
          state: 'refused',
          problem: { status: 422, code: 'incident_personal', title: 'no' },
        };
      const known = stored.get(item.id);
      if (known !== undefined && known !== text)
        return {
          id: item.id,
          state: 'refused',
          problem: { status: 409, code: 'delivery_other_body', title: 'no' },
        };
      if (known === undefined) order.push(item.id);
      stored.set(item.id, text);
      return { id: item.id, state: known === undefined ? 'stored' : 'known', problem: null };
    });
    if (what === 'lose') throw new TypeError('network');
    return json({ received_at: new Date().toISOString(), items: verdicts });
  };
  return { send, stored, order, seen, json };
}

const report = (n: number) => ({ category: 'litter', at: [121.5, 31.1], accuracy: 8, text: `no. ${n}` });

async function deliverAll(outbox: Outbox, send: Send): Promise<string> {
  const deliver = makeDeliverer(outbox, send);
  for (let turn = 0; turn < 200; turn++) {
    const outcome = await deliver();
    if (outcome.did !== 'more' && outcome.did !== 'wait') return outcome.did;
  }
  return 'never';
}

let outbox: Outbox;
beforeEach(async () => {
  outbox = await openOutbox(OFFICER);
});
afterEach(async () => {
  outbox.close();
  await Promise.all([wipeOutbox(OFFICER), wipeOutbox(COLLEAGUE)]);
  vi.restoreAllMocks();
});

describe('the outbox', () => {
  it('writes strictly: nothing is told as done that is not on the disk', async () => {
    const open = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await outbox.add('incident', report(1));
    await outbox.record({ id: 's' }, [1, 121.5, 31.1, 5]);
    const writes = open.mock.calls.filter(([, mode]) => mode === 'readwrite');
    expect(writes.length).toBe(2);
    for (const [, , options] of writes) expect(options).toEqual({ durability: 'strict' });
  });

  it('sends several hundred items once each, in their order, in deliveries the server takes', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 450; n++) ids.push(await outbox.add(n % 3 ? 'incident' : 'visit', report(n)));
    const { send, order, seen } = server();
    expect(await deliverAll(outbox, send)).toBe('empty');
    expect(order).toEqual(ids);
    expect(seen.sizes).toEqual([200, 200, 50]);
    expect(await outbox.waiting()).toEqual([]);
  });

  it('keeps no body of what the server holds, and remembers few', async () => {
    for (let n = 0; n < 120; n++) await outbox.add('incident', report(n));
    await deliverAll(outbox, server().send);
    const left = await outbox.list();
    expect(left.length).toBe(50);
    expect(left.every(({ state, body }) => state === 'sent' && body === null)).toBe(true);
  });

  it('is sent exactly once through lost requests and lost acknowledgements', async () => {
    for (let n = 0; n < 300; n++) await outbox.add('incident', report(n));
    const { send, order, stored } = server(
      OFFICER,
      (turn) => (['lose', 'drop', 'answer'] as const)[turn % 3] ?? 'answer',
    );
    expect(await deliverAll(outbox, send)).toBe('empty');
    expect(stored.size).toBe(300);
    expect(order.length).toBe(300);
  });

  it('sends what the officer made of an item while the server was asked for the sign-in', async () => {
    const edited = await outbox.add('incident', report(1));
    const dropped = await outbox.add('incident', report(2));
    const { send, stored } = server();
    const meanwhile: Send = async (path, init) => {
      if (path.endsWith('/session') && stored.size === 0) {
        await outbox.edit(edited, report(3));
        if ((await outbox.list()).some(({ id }) => id === dropped)) await outbox.drop(dropped);
      }
      return send(path, init);
    };
    expect(await makeDeliverer(outbox, meanwhile)()).toEqual({ did: 'empty' });
    expect([...stored]).toEqual([[edited, JSON.stringify(report(3))]]);
    expect((await outbox.list()).map(({ id }) => id)).toEqual([edited]);
  });

  it('keeps what the page notes of an item with it, or neither', async () => {
    const id = await outbox.add('visit', report(1), { keeping: { done: 'visited' } });
    const again = outbox.add('visit', report(1), { id, keeping: { done: 'visited twice' } });
    await expect(again).rejects.toThrow();
    expect(await outbox.kept('done')).toBe('visited');
    expect((await outbox.list()).length).toBe(1);
  });

  it('leaves a report changeable while there is no signal', async () => {
    const id = await outbox.add('incident', report(1));
    const silent: Send = () => Promise.reject(new TypeError('no signal'));
    expect(await makeDeliverer(outbox, silent)()).toEqual({ did: 'wait', status: 0, seconds: 0 });
    expect((await outbox.list()).map(({ state }) => state)).toEqual(['queued']);
    await outbox.edit(id, report(2));
    expect((await outbox.list()).map(({ body }) => body)).toEqual([report(2)]);
  });

  it('survives being killed in the middle of a send', async () => {
    for (let n = 0; n < 20; n++) await outbox.add('incident', report(n));
    const { send, stored } = server();
    let answer: (() => void) | undefined;
    const never = new Promise<void>((done) => {
      answer = done;
    });
    const hanging: Send = async (path, init) => {
      const response = await send(path, init);
      if (path.endsWith('/session')) return response;
      await never;
      throw new TypeError('killed');
    };
    const sending = makeDeliverer(outbox, hanging)();
    await vi.waitFor(() => expect(stored.size).toBe(20));
    const after = await openOutbox(OFFICER); // as after a reload
    expect((await after.list()).map(({ state }) => state)).toEqual(Array(20).fill('sending'));
    expect(await deliverAll(after, send)).toBe('empty');
    expect(stored.size).toBe(20);
    answer?.();
    await sending;
    expect((await after.list()).every(({ state }) => state === 'sent')).toBe(true);
    after.close();
  });

  it('keeps two officers of one phone apart, also when the other has signed in meanwhile', async () => {
    await outbox.add('incident', report(1));
    const other = await openOutbox(COLLEAGUE);
    expect(await other.list()).toEqual([]);
    expect(await other.device()).not.toBe(await outbox.device());
    const { send, stored } = server(COLLEAGUE);
    expect(await deliverAll(outbox, send)).toBe('signed_out');
    expect(stored.size).toBe(0);
    expect((await outbox.list()).map(({ state }) => state)).toEqual(['queued']);
    other.close();
  });

  it('stays when the sign-in has ended, and is wiped when the phone was reported as lost', async () => {
    await outbox.add('incident', report(1));
    const { send, json } = server();
    const answering =
      (status: number, code: string): Send =>
      (path, init) =>
        path.endsWith('/session')
          ? send(path, init)
          : Promise.resolve(json({ status, code, title: code }, status));
    expect(await deliverAll(outbox, answering(401, 'signed_out'))).toBe('signed_out');
    expect((await outbox.waiting()).length).toBe(1);
    expect(await makeDeliverer(outbox, answering(403, 'device_revoked'))()).toEqual({ did: 'revoked' });
    outbox = await openOutbox(OFFICER);
    expect(await outbox.list()).toEqual([]);
  });

  it('lets one refused item harm no other, and takes its correction under its own name', async () => {
    const [bad] = [await outbox.add('incident', report(1)), await outbox.add('incident', report(2))];
    const { send, seen, stored } = server();
    seen.refuse = (item) => JSON.stringify(item.body).includes('no. 1');
    expect(await deliverAll(outbox, send)).toBe('empty');
    expect((await outbox.list()).map(({ state }) => state)).toEqual(['refused', 'sent']);
    expect((await outbox.list())[0]?.refusal?.code).toBe('incident_personal');
    await outbox.edit(bad ?? '', report(3));
    expect(await deliverAll(outbox, send)).toBe('empty');
    expect(stored.size).toBe(2);
    expect(stored.get(bad ?? '')).toContain('no. 3');
  });

  it('finds the one item for which a whole delivery is not taken', async () => {
    for (let n = 0; n < 9; n++) await outbox.add('incident', report(n));
    const { send, json, stored } = server();
    const strict: Send = (path, init) =>
      String(init.body).includes('no. 4') && !path.endsWith('/session')
        ? Promise.resolve(json({ status: 422, code: 'body', title: 'not understood' }, 422))
        : send(path, init);
    expect(await deliverAll(outbox, strict)).toBe('empty');
    expect(stored.size).toBe(8);
    expect((await outbox.list()).map(({ state }) => state).indexOf('refused')).toBe(4);
  });

  it('changes and drops nothing that the server may hold', async () => {
    const id = await outbox.add('incident', report(1));
    await makeDeliverer(outbox, server(OFFICER, () => 'lose').send)();
    await expect(outbox.edit(id, report(2))).rejects.toThrow();
    await expect(outbox.drop(id)).rejects.toThrow();
    expect((await outbox.list()).map(({ body }) => body)).toEqual([report(1)]);
    const fresh = await outbox.add('incident', report(3));
    await outbox.drop(fresh);
    expect((await outbox.list()).length).toBe(1);
  });

  it('believes no answer that does not settle what was sent', async () => {
    await outbox.add('incident', report(1));
    const { send, json } = server();
    for (const body of [
      {},
      { items: 'x' },
      { items: [null] },
      { items: [{ id: 'another', state: 'stored' }] },
      null,
    ]) {
      const odd: Send = (path, init) =>
        path.endsWith('/session') ? send(path, init) : Promise.resolve(json(body));
      expect((await makeDeliverer(outbox, odd)()).did).toBe('wait');
    }
    expect((await outbox.waiting()).length).toBe(1);
  });
});

describe('fixes', () => {
  it('lie there at once and go out as items without a hole in their sequence', async () => {
    const tracks = { a: FIXES + 30, b: 12 };
    for (const [shift, count] of Object.entries(tracks)) {
      for (let n = 0; n < count; n++)
        await outbox.record({ id: shift }, [1e12 + n, 121.5, 31.1, n % 5 ? 6 : null]);
    }
    expect(await outbox.loose()).toBe(FIXES + 42);
    await outbox.seal();
    expect(await outbox.loose()).toBe(0);
    const bodies = (await outbox.list()).map(
      ({ body }) => body as { shift: string; first: number; fixes: unknown[] },
    );
    expect(bodies.map(({ shift, first, fixes }) => [shift, first, fixes.length])).toEqual([
      ['a', 1, FIXES],
      ['a', FIXES + 1, 30],
      ['b', 1, 12],
    ]);
    await outbox.record({ id: 'a' }, [2e12, 121.5, 31.1, 6]);
    await outbox.seal();
    expect((await outbox.list()).at(-1)?.body).toMatchObject({ shift: 'a', first: FIXES + 31 });
  });
});

describe('the saved outbox', () => {
  it('comes back on another phone, once, and may have been sent by the first', async () => {
    for (let n = 0; n < 5; n++) await outbox.add('incident', report(n));
    await outbox.record({ id: 'a' }, [1e12, 121.5, 31.1, 6]);
    const file = await save(outbox);
    const { send, stored } = server();
    await deliverAll(outbox, send);
    await outbox.wipe();
    outbox = await openOutbox(OFFICER);
    expect(await load(outbox, file)).toBe(6);
    expect(await load(outbox, file)).toBe(0);
    expect(await deliverAll(outbox, send)).toBe('empty');
    expect(stored.size).toBe(6);
  });

  it.each([
    ['not JSON', 'hello', 'unreadable'],
    ['something else', '{"format":"gpx","items":[]}', 'unreadable'],
    ['nothing', 'null', 'unreadable'],
    [
      'items without a name',
      `{"format":"wangge-outbox","account":${OFFICER},"items":[{"kind":"visit"}]}`,
      'unreadable',
    ],
    ["a colleague's", `{"format":"wangge-outbox","account":${COLLEAGUE},"items":[]}`, 'other_account'],
  ])('is refused: %s', async (_name, text, reason) => {
    await expect(load(outbox, new Blob([text]))).rejects.toMatchObject({ reason });
    expect(await outbox.list()).toEqual([]);
  });
});

describe('a delivery', () => {
  it('holds at least one item, and no more than goes in', () => {
    const item = (length: number) => ({ body: { text: 'x'.repeat(length) } }) as unknown as Item;
    expect(fitting([item(3e6), item(1)], 200).length).toBe(1);
    expect(fitting([item(1e6), item(7e5), item(2e5)], 200).length).toBe(2);
    expect(fitting([], 200)).toEqual([]);
  });

  it('is tried again later and later, never sooner than the server asks', () => {
    expect([0, 1, 2, 20].map((tries) => pause(tries, 0))).toEqual([5, 10, 20, 300]);
    expect(pause(0, 90)).toBe(90);
  });
});
