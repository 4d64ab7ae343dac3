// What the address holds of the page about incidents: the period, the category and what
// the map shows. Level, unit and date are those of the whole page (view/url.ts).
import { inAddress, isDate, oneOf, useOfHistory } from '../view/url';
import { begin, ended, moved, type Period, periodOf, SPANS, type Span } from './period';
import type { Measure } from './queries';

export const SHOWN = ['units', 'cells', 'spots'] as const;
export type Shown = (typeof SHOWN)[number];
export const MEASURES = ['rate', 'count'] as const satisfies readonly Measure[];

export type IncidentView = {
  span: Span;
  /** The first day of the period; null is the last one that is over. */
  from: string | null;
  category: string | null;
  shown: Shown;
  measure: Measure;
  /** Of H3 cells. */
  resolution: number;
};

const PARTS = [
  'span',
  'from',
  'category',
  'shown',
  'measure',
  'resolution',
] as const satisfies readonly (keyof IncidentView)[];

const COARSEST = 7;
/** The resolution that only those see who see exact counts. */
const FINEST = 10;
const USUAL = 9;

/** readIncidents makes a view of the query of an address; what it does not understand it leaves out. */
export function readIncidents(search: string): IncidentView {
  const query = new URLSearchParams(search);
  const resolution = Number(query.get('resolution'));
  return {
    span: oneOf(SPANS, query.get('span')) ?? 'month',
    from: query.get('from'),
    category: query.get('category') || null,
    shown: oneOf(SHOWN, query.get('shown')) ?? 'units',
    measure: oneOf(MEASURES, query.get('measure')) ?? 'rate',
    resolution:
      Number.isInteger(resolution) && resolution >= COARSEST && resolution <= FINEST ? resolution : USUAL,
  };
}

/** writeIncidents is the query of a view, without what goes without saying. */
export function writeIncidents(view: IncidentView): string {
  const query = new URLSearchParams();
  const say = (name: (typeof PARTS)[number], usually: unknown) => {
    if (view[name] !== usually) query.set(name, String(view[name]));
  };
  say('span', 'month');
  say('from', null);
  say('category', null);
  say('shown', 'units');
  say('measure', 'rate');
  say('resolution', USUAL);
  return query.toString();
}

/** shownPeriod is the period of a view: one that begins as the calendar says and is over, or else the last. */
export function shownPeriod({ span, from }: Pick<IncidentView, 'span' | 'from'>, today: string): Period {
  const last = ended(span, today).at(-1) as Period;
  if (from === null || !isDate(from) || begin(span, from) !== from || moved(span, from, 1) > today)
    return last;
  return periodOf(span, from);
}

/** shownResolution is no finer than the reader may see. */
export const shownResolution = (resolution: number, exact: boolean): number =>
  exact ? resolution : Math.min(resolution, FINEST - 1);

const { useStore, set, reread } = inAddress(PARTS, readIncidents, writeIncidents);

export { reread as rereadIncidents, set as setIncidents };

/** useIncidentView is the view and how to change it. */
export const useIncidentView = (): [IncidentView, typeof set] => [useStore(), set];
export const useIncidentsOfHistory = (): void => useOfHistory(reread);
