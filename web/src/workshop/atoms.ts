// The land that is picked as a whole: what of it is shown, and what the planner has
// picked. Picked land stays picked while the map moves on.
import { create } from 'zustand';
import type { LonLat } from '../api/types';
import type { Area, Op } from './engine/types';
import { contains, middleOf, on7, type Sketch } from './sketch';
import type { Atom } from './types';

type Picking = {
  shown: readonly Atom[];
  picked: ReadonlyMap<string, Atom>;
  /** What is read: nothing, for the map shows too much land, or the land of the view. */
  phase: 'idle' | 'loading' | 'ready' | 'wide' | 'failed';
  problem: unknown;
};

const none: Picking = { shown: [], picked: new Map(), phase: 'idle', problem: null };

export const useAtoms = create<Picking>(() => none);

/** keyOf tells atoms apart; the same land has the same key in every view. */
export const keyOf = ({ area, area_m2 }: Atom): string => `${area[0]?.[0]?.[0]} ${area_m2.toFixed(1)}`;

/** pick takes an atom instead of those before, or adds it, or lets it go. */
export function pick(atom: Atom | undefined, more: boolean): void {
  const { picked } = useAtoms.getState();
  const next = new Map(more ? picked : []);
  if (atom) {
    const key = keyOf(atom);
    if (!next.delete(key)) next.set(key, atom);
  }
  useAtoms.setState({ picked: next });
}

/** pickIn adds the atoms whose middle lies in a lasso. */
export function pickIn(lasso: Sketch): void {
  const { shown, picked } = useAtoms.getState();
  const inside = shown.filter(({ area }) => contains(lasso, middleOf(area)));
  useAtoms.setState({ picked: new Map([...picked, ...inside.map((atom) => [keyOf(atom), atom] as const)]) });
}

export const unpick = (): void => useAtoms.setState({ picked: new Map() });
export const leaveAtoms = (): void => useAtoms.setState(none);

/** give is the edit that moves picked land as a whole; null when nothing is picked. */
export function give(picked: Iterable<Atom>, into: number): Op | null {
  const area: Area = [...picked].flatMap((atom) => atom.area);
  return area.length > 0 ? { kind: 'transfer', area, into } : null;
}

/** The sides of what is asked for are multiples of this, in degrees: a map that moves a little asks nothing new. */
const STEP = 0.004;
/** The widest box that is asked for, in degrees. */
const WIDEST = { block: 0.04, building: 0.01 } as const;

/** boxOf is the box to ask for, around what the map shows; null when that is too much. */
export function boxOf(
  [west, south]: LonLat,
  [east, north]: LonLat,
  grain: keyof typeof WIDEST,
): readonly number[] | null {
  const step = grain === 'block' ? STEP : STEP / 4;
  const out = (value: number, round: (value: number) => number) => round(value / step) * step;
  const low = on7([out(west, Math.floor) - step, out(south, Math.floor) - step]);
  const high = on7([out(east, Math.ceil) + step, out(north, Math.ceil) + step]);
  const most = WIDEST[grain] + 1e-9;
  return high[0] - low[0] > most || high[1] - low[1] > most ? null : [...low, ...high];
}
