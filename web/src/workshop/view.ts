// What the address holds of the workshop: the tool in hand, the units that are chosen,
// whether lines snap, and which part of the panel is open. The draft is in the path, the
// place on the map in the hash.
import { inAddress, oneOf, useOfHistory } from '../view/url';
import type { Grain } from './types';

export const TOOLS = [
  'select',
  'pick',
  'point',
  'add',
  'delete',
  'border',
  'reshape',
  'split',
  'transfer',
  'draw',
] as const;
export type Tool = (typeof TOOLS)[number];

export const TABS = ['units', 'facts', 'findings', 'journal'] as const;
export type Tab = (typeof TABS)[number];

export type WorkshopView = {
  tool: Tool;
  /** The units that are chosen, the one that others go to first. */
  sel: readonly number[];
  snap: boolean;
  /** What lines snap to is shown. */
  targets: boolean;
  /** The borders in force are shown beneath. */
  force: boolean;
  /** How finely land is cut that is picked as a whole. */
  grain: Grain;
  tab: Tab;
};

const PARTS = [
  'tool',
  'sel',
  'snap',
  'targets',
  'force',
  'grain',
  'tab',
] as const satisfies readonly (keyof WorkshopView)[];

export const GRAINS = ['block', 'building'] as const;

/** How many chosen units an address may name. */
const MOST = 200;

export function readWorkshop(search: string): WorkshopView {
  const query = new URLSearchParams(search);
  const ids = (query.get('sel') ?? '').split(',').map(Number);
  return {
    tool: oneOf(TOOLS, query.get('tool')) ?? 'select',
    sel: [...new Set(ids.filter((id) => Number.isSafeInteger(id) && id > 0))].slice(0, MOST),
    snap: query.get('snap') !== 'off',
    targets: query.get('targets') === 'on',
    force: query.get('force') === 'on',
    grain: oneOf(GRAINS, query.get('grain')) ?? 'block',
    tab: oneOf(TABS, query.get('tab')) ?? 'units',
  };
}

export function writeWorkshop(view: WorkshopView): string {
  const parts: [string, string | null][] = [
    ['tool', view.tool === 'select' ? null : view.tool],
    ['sel', view.sel.length === 0 ? null : view.sel.slice(0, MOST).join(',')],
    ['snap', view.snap ? null : 'off'],
    ['targets', view.targets ? 'on' : null],
    ['force', view.force ? 'on' : null],
    ['grain', view.grain === 'block' ? null : view.grain],
    ['tab', view.tab === 'units' ? null : view.tab],
  ];
  return parts.flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`)).join('&');
}

const { useStore, set, reread } = inAddress(PARTS, readWorkshop, writeWorkshop);

export { reread as rereadWorkshop, set as setWorkshop, useStore as workshopView };

export const useWorkshopView = (): [WorkshopView, typeof set] => [useStore(), set];
export const useWorkshopOfHistory = (): void => useOfHistory(reread);
