// What the address holds of the duty room: whether it is a wall screen, and what the map shows.
import { inAddress, oneOf, useOfHistory } from '../view/url';

export const LAYERS = ['duty', 'freshness', 'freshness_cells'] as const;
export type Layer = (typeof LAYERS)[number];

type DutyView = { wall: boolean; show: Layer };

const PARTS = ['wall', 'show'] as const satisfies readonly (keyof DutyView)[];

/** readDuty makes a view of the query of an address; what it does not understand it leaves out. */
export function readDuty(search: string): DutyView {
  const query = new URLSearchParams(search);
  return { wall: query.get('wall') === 'true', show: oneOf(LAYERS, query.get('show')) ?? 'duty' };
}

/** writeDuty is the query of a view, without what goes without saying. */
export function writeDuty({ wall, show }: DutyView): string {
  const query = new URLSearchParams();
  if (wall) query.set('wall', 'true');
  if (show !== 'duty') query.set('show', show);
  return query.toString();
}

const { useStore, set, reread } = inAddress(PARTS, readDuty, writeDuty);

export { reread as rereadDuty };

/** useDutyView is the view and how to change it. */
export const useDutyView = (): [DutyView, typeof set] => [useStore(), set];
export const useDutyOfHistory = (): void => useOfHistory(reread);
