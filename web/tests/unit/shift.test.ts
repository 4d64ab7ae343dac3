import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useConsent } from '../../src/patrol/consent';
import { type Outbox, openOutbox, wipeOutbox } from '../../src/patrol/outbox/store';
import { circle, type Fix, onFix } from '../../src/patrol/place';
import { end, GAP, pauseOrResume, runShift, start, useDuty } from '../../src/patrol/shift';

const OFFICER = 7;
let outbox: Outbox;
let page: AbortController;

/** come lets the phone give a fix so long after the shift began, and waits until it is recorded. */
async function come(after: number): Promise<void> {
  const began = useDuty.getState().shift?.started ?? Date.now();
  const fix: Fix = { at: [121.5 + after / 1e9, 31.1], accuracy: 6, heading: null, ms: began + after };
  await Promise.all([...onFix].map((tell) => tell(fix)));
}

const steps = async () =>
  (await outbox.list()).filter(({ kind }) => kind === 'shift').map(({ body }) => (body as { do: string }).do);

beforeEach(async () => {
  outbox = await openOutbox(OFFICER);
  page = new AbortController();
  useConsent.setState({ given: true });
  await runShift(outbox, page.signal);
});
afterEach(async () => {
  page.abort();
  outbox.close();
  await wipeOutbox(OFFICER);
});

describe('a shift', () => {
  it('records on duty only: not before, not in a pause, not after', async () => {
    await come(0);
    await start(outbox, 'foot');
    await come(5_000);
    await pauseOrResume(outbox);
    await come(10_000);
    await pauseOrResume(outbox);
    await come(15_000);
    await end(outbox);
    await come(20_000);
    expect(await steps()).toEqual(['start', 'pause', 'resume', 'end']);
    const track = (await outbox.list()).find(({ kind }) => kind === 'fixes');
    expect((track?.body as { fixes: unknown[] } | undefined)?.fixes.length).toBe(2);
    expect((await outbox.list()).at(-1)?.body).toMatchObject({ do: 'end' });
    expect(await outbox.loose()).toBe(0);
  });

  it('records nothing of who did not agree, or of whom nobody knows yet', async () => {
    await start(outbox, 'foot');
    for (const given of [false, null]) {
      useConsent.setState({ given });
      await come(5_000);
    }
    expect(await outbox.loose()).toBe(0);
    useConsent.setState({ given: true });
    await come(10_000);
    expect(await outbox.loose()).toBe(1);
  });

  it('marks gaps and joins nothing over them', async () => {
    await start(outbox, 'foot');
    for (const after of [0, 4_000, 8_000, 8_000 + GAP + 1, 8_000 + GAP + 5_000]) await come(after);
    const { shift, lines } = useDuty.getState();
    expect(shift).toMatchObject({ fixes: 5, gaps: 1 });
    expect(lines.map((line) => line.length)).toEqual([3, 2]);
  });

  it('believes no fix of before its start, and keeps none that comes too soon', async () => {
    await start(outbox, 'foot');
    for (const after of [-3_600_000, 0, 500, 1_000]) await come(after);
    expect(await outbox.loose()).toBe(1);
  });

  it('goes on when the clock of the phone is set back by an hour', async () => {
    await start(outbox, 'foot');
    await come(0);
    const HOUR = 3_600_000;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - HOUR });
    for (const after of [5_000, 6_000, 10_000]) await come(after - HOUR);
    vi.useRealTimers();
    expect(useDuty.getState().shift).toMatchObject({ fixes: 3, gaps: 1 });
    expect(useDuty.getState().lines.map((line) => line.length)).toEqual([1, 2]);
  });

  it('is one in two tabs: each fix is recorded once, and what ended in one is over in the other', async () => {
    await start(outbox, 'foot');
    vi.resetModules();
    const other = await import('../../src/patrol/shift');
    const place = await import('../../src/patrol/place');
    (await import('../../src/patrol/consent')).useConsent.setState({ given: true });
    const tab = new AbortController();
    const theirs = await openOutbox(OFFICER);
    await other.runShift(theirs, tab.signal);
    const both = async (after: number) => {
      await come(after);
      const fix: Fix = { at: [121.5, 31.1], accuracy: 6, heading: null, ms: began + after };
      await Promise.all([...place.onFix].map((tell) => tell(fix)));
    };
    const began = useDuty.getState().shift?.started ?? 0;
    await other.start(theirs, 'car');
    await both(0);
    await both(5_000);
    expect(await outbox.loose()).toBe(2);
    await pauseOrResume(outbox);
    await both(10_000);
    expect(await outbox.loose()).toBe(2);
    expect(other.useDuty.getState().shift?.paused).toBe(true);
    await pauseOrResume(outbox);
    await end(outbox);
    await both(15_000);
    expect(await outbox.kept('shift')).toBeNull();
    expect(other.useDuty.getState().shift).toBeNull();
    await other.end(theirs);
    expect(await steps()).toEqual(['start', 'pause', 'resume', 'end']);
    tab.abort();
    theirs.close();
  });

  it('goes on after a reload', async () => {
    await start(outbox, 'bicycle');
    await come(0);
    const before = useDuty.getState().shift;
    page.abort();
    expect(useDuty.getState().shift).toBeNull();
    page = new AbortController();
    await runShift(outbox, page.signal);
    expect(useDuty.getState().shift).toEqual(before);
    await come(5_000);
    await outbox.seal();
    expect((await outbox.list()).at(-1)?.body).toMatchObject({ shift: before?.id, first: 1 });
  });
});

describe('the circle of accuracy', () => {
  it('is closed and as wide as it says', () => {
    const ring = circle([121.5, 31.1], 100);
    expect(ring.at(-1)?.map((degree) => degree.toFixed(9))).toEqual(
      ring[0]?.map((degree) => degree.toFixed(9)),
    );
    const north = Math.max(...ring.map(([, lat]) => lat)) - 31.1;
    expect(north * 111_195).toBeCloseTo(100, 3);
  });
});
