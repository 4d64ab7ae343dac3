// The shift on this phone: what the officer does with it, and the fixes that belong to it.
// It is kept in the outbox's database, so that a reload or a killed browser goes on with it.
import { create } from 'zustand';
import type { LonLat } from '../api/types';
import { useConsent } from './consent';
import { askToKeep } from './offline/storage';
import type { Outbox } from './outbox/store';
import { type Fix, onFix } from './place';

export type Transport = 'foot' | 'bicycle' | 'car';
export const TRANSPORTS: readonly Transport[] = ['foot', 'bicycle', 'car'];

export type Shift = {
  id: string;
  started: number;
  transport: Transport;
  paused: boolean;
  /** Accounts that go along. */
  members: number[];
  /** Fixes that were recorded, and how often none came for longer than GAP. */
  fixes: number;
  gaps: number;
  /** When the last fix was recorded, in milliseconds since 1970 by the phone. */
  last: number | null;
};

/** Longer without a fix is a gap: the phone was locked, or there was no signal, in milliseconds. */
export const GAP = 60_000;

/** Fixes closer together tell nothing new of somebody on foot, in milliseconds. */
const OFTEN = 3_000;

/** Where this shift went since the page was opened; a gap begins a new line. */
type Duty = { shift: Shift | null; lines: LonLat[][]; failed: boolean };

export const useDuty = create<Duty>(() => ({ shift: null, lines: [], failed: false }));

let turn: Promise<unknown> = Promise.resolve();

/** The outbox whose shift this page shows. */
let mine: Outbox | null = null;

/** alone lets no other tab of this phone do anything with a shift meanwhile. */
async function alone(work: () => Promise<void>): Promise<void> {
  await (navigator.locks ? navigator.locks.request('wangge.patrol.shift', work) : work());
}

/**
 * inTurn does one thing with the shift after the other, in all tabs: each begins where the
 * last one left it, and that is what is kept.
 */
function inTurn(outbox: Outbox, work: () => Promise<void>): Promise<void> {
  const done = turn.then(() =>
    alone(async () => {
      const kept = ((await outbox.kept('shift')) ?? null) as Shift | null;
      if (outbox !== mine) return; // another officer's page by now
      adopt(kept);
      await work();
    }),
  );
  turn = done.catch(() => {});
  return done;
}

/** adopt shows a shift as it is kept, which another tab may have changed. */
function adopt(kept: Shift | null): void {
  const { shift, lines } = useDuty.getState();
  if (JSON.stringify(kept) === JSON.stringify(shift)) return;
  // Where another tab recorded, nothing is joined.
  const broken = lines.at(-1)?.length ? [...lines, []] : lines;
  useDuty.setState({ shift: kept, lines: kept?.id === shift?.id ? broken : [] });
}

/** runShift goes on with the shift that this phone keeps, and records its fixes until it is stopped. */
export async function runShift(outbox: Outbox, signal: AbortSignal): Promise<void> {
  const kept = ((await outbox.kept('shift')) ?? null) as Shift | null;
  if (signal.aborted) return;
  mine = outbox;
  useDuty.setState({ shift: kept, lines: [], failed: false });
  const tell = (fix: Fix) =>
    inTurn(outbox, () => record(outbox, fix)).catch(() => {
      if (outbox === mine) useDuty.setState({ failed: true }); // the screen says so: nothing is recorded
    });
  const look = () => {
    if (document.visibilityState === 'visible') inTurn(outbox, async () => {}).catch(() => {});
  };
  onFix.add(tell);
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', () => {
    onFix.delete(tell);
    document.removeEventListener('visibilitychange', look);
    if (outbox === mine) mine = null;
    useDuty.setState({ shift: null, lines: [] });
  });
}

/** record shows a fix once it is on the disk. */
async function record(outbox: Outbox, fix: Fix): Promise<void> {
  const { shift, lines } = useDuty.getState();
  if (!shift || shift.paused || !useConsent.getState().given) return;
  // Of before the start, unless the phone's clock was set back since.
  if (fix.ms < shift.started && shift.started <= Date.now()) return;
  const since = shift.last === null ? Number.NaN : Math.abs(fix.ms - shift.last);
  if (since < OFTEN) return;
  const gap = since > GAP;
  const next = { ...shift, last: fix.ms, fixes: shift.fixes + 1, gaps: shift.gaps + (gap ? 1 : 0) };
  await outbox.record(next, [fix.ms, fix.at[0], fix.at[1], fix.accuracy]);
  if (outbox !== mine) return; // another officer's page by now
  const line = gap || lines.length === 0 ? [] : (lines.at(-1) ?? []);
  const before = line.length === 0 ? lines : lines.slice(0, -1);
  useDuty.setState({ shift: next, lines: [...before, [...line, fix.at]], failed: false });
}

async function change(outbox: Outbox, step: object, shift: Shift | null): Promise<void> {
  await outbox.add('shift', step, { keeping: { shift } });
  if (outbox === mine) useDuty.setState({ shift });
}

export async function start(outbox: Outbox, transport: Transport): Promise<void> {
  const shift = {
    id: crypto.randomUUID(),
    started: Date.now(),
    transport,
    paused: false,
    members: [],
    fixes: 0,
    gaps: 0,
    last: null,
  };
  await inTurn(outbox, async () => {
    if (useDuty.getState().shift) return; // another tab began one
    useDuty.setState({ lines: [] });
    await change(outbox, { do: 'start', shift: shift.id, transport }, shift);
  });
  askToKeep();
}

export const pauseOrResume = (outbox: Outbox): Promise<void> =>
  inTurn(outbox, async () => {
    const { shift } = useDuty.getState();
    if (!shift) return;
    const paused = !shift.paused;
    // What comes after a pause does not join what was before.
    await change(
      outbox,
      { do: paused ? 'pause' : 'resume', shift: shift.id },
      { ...shift, paused, last: null },
    );
    useDuty.setState(({ lines }) => ({ lines: lines.at(-1)?.length ? [...lines, []] : lines }));
  });

/** setMembers says who goes along from now on. */
export const setMembers = (outbox: Outbox, members: number[]): Promise<void> =>
  inTurn(outbox, async () => {
    const { shift } = useDuty.getState();
    if (shift) await change(outbox, { do: 'members', shift: shift.id, members }, { ...shift, members });
  });

/** end closes the shift; its fixes stand before its end in the outbox. */
export const end = (outbox: Outbox): Promise<void> =>
  inTurn(outbox, async () => {
    const { shift } = useDuty.getState();
    if (!shift) return;
    await outbox.seal();
    await change(outbox, { do: 'end', shift: shift.id }, null);
  });

/**
 * stayAwake asks the phone not to lock while something is recorded, and again whenever the
 * page comes back to the front. It returns how to let go; held tells whether it does.
 */
export function stayAwake(held: (is: boolean) => void): () => void {
  let lock: WakeLockSentinel | null = null;
  let left = false;
  const ask = async () => {
    if (left || document.visibilityState !== 'visible') return;
    try {
      const got = await navigator.wakeLock.request('screen');
      if (left) {
        await got.release();
        return;
      }
      lock = got;
      held(true);
      lock.addEventListener('release', () => !left && held(false));
    } catch {
      held(false); // not supported, or the battery is low
    }
  };
  ask();
  document.addEventListener('visibilitychange', ask);
  return () => {
    left = true;
    document.removeEventListener('visibilitychange', ask);
    lock?.release();
  };
}
