// What the address holds of a comparison, so that a link shows the same to another
// person: the unit and level, both sides, how the map shows them, where the divider
// stands, which table is open, which change is chosen, and the period of statistics.
import { inAddress, isDate, oneOf, useOfHistory } from '../view/url';

export const MODES = ['swipe', 'beside', 'difference'] as const;
export type Mode = (typeof MODES)[number];

export const DOCKS = ['changes', 'units', 'households', 'workers', 'impact', 'statistics'] as const;
export type Dock = (typeof DOCKS)[number];

export type CompareView = {
  base: string | null;
  below: string | null;
  /** date:YYYY-MM-DD or plan:ID. */
  before: string | null;
  after: string | null;
  mode: Mode;
  /** Where the divider stands, in per cent from the left. */
  divider: number;
  dock: Dock;
  change: number | null;
  from: string | null;
  to: string | null;
};

const PARTS = [
  'base',
  'below',
  'before',
  'after',
  'mode',
  'divider',
  'dock',
  'change',
  'from',
  'to',
] as const satisfies readonly (keyof CompareView)[];

/** readSide checks one side; null when it is none. */
export function readSide(text: string | null): string | null {
  if (text === null) return null;
  const [kind, value = ''] = text.split(/:(.*)/s, 2);
  if (kind === 'date' && isDate(value)) return text;
  if (kind === 'plan' && /^[1-9]\d{0,15}$/.test(value)) return text;
  return null;
}

/** planOf is the plan of a side; null for a day. */
export const planOf = (side: string | null): number | null =>
  side?.startsWith('plan:') ? Number(side.slice(5)) : null;

/** dayOf is the day of a side; null for a plan. */
export const dayOf = (side: string | null): string | null =>
  side?.startsWith('date:') ? side.slice(5) : null;

const whole = (text: string | null, least: number, most: number): number | null => {
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isInteger(number) && number >= least && number <= most ? number : null;
};

const date = (text: string | null): string | null => (text !== null && isDate(text) ? text : null);

/** readCompare makes a view of the query of an address; what it does not understand it leaves out. */
export function readCompare(search: string): CompareView {
  const query = new URLSearchParams(search);
  return {
    base: query.get('base') || null,
    below: query.get('below') || null,
    before: readSide(query.get('before')),
    after: readSide(query.get('after')),
    mode: oneOf(MODES, query.get('mode')) ?? 'swipe',
    divider: whole(query.get('divider'), 0, 100) ?? 50,
    dock: oneOf(DOCKS, query.get('dock')) ?? 'changes',
    change: whole(query.get('change'), 1, 1e6),
    from: date(query.get('from')),
    to: date(query.get('to')),
  };
}

/** writeCompare is the query of a view, without what goes without saying. */
export function writeCompare(view: CompareView): string {
  const unless = <T>(value: T, usually: T) => (value === usually ? null : String(value));
  const parts: [(typeof PARTS)[number], string | null][] = [
    ['base', view.base],
    ['below', view.below],
    ['before', view.before],
    ['after', view.after],
    ['mode', unless(view.mode, 'swipe')],
    ['divider', unless(view.divider, 50)],
    ['dock', unless(view.dock, 'changes')],
    ['change', view.change === null ? null : String(view.change)],
    ['from', view.from],
    ['to', view.to],
  ];
  return parts
    .filter((part): part is [(typeof PARTS)[number], string] => part[1] !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':')}`)
    .join('&');
}

const { useStore, set, reread } = inAddress(PARTS, readCompare, writeCompare);

export { reread as rereadCompare, set as setCompare };

/** useCompareView is the view and how to change it. */
export const useCompareView = (): [CompareView, typeof set] => [useStore(), set];
export const useCompareOfHistory = (): void => useOfHistory(reread);
