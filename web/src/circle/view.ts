// What the address holds of the circle, so that a link shows the same to another
// person and a reload loses nothing: the run, the column, the other run it is compared
// with, how the map is coloured, which layers and which part of the page are open.
// Level, unit and language are those of the whole page (view/url.ts).
import { inAddress, oneOf, useOfHistory } from '../view/url';
import { FEWEST, METHODS, type Method, MOST } from './classes';
import { MEASURES, type Measure } from './measures';

export const TABS = ['coverage', 'reach', 'sites'] as const;
export type Tab = (typeof TABS)[number];

export const CIRCLE_LAYERS = [
  'background',
  'units',
  'uncovered',
  'reach',
  'streets',
  'points',
  'candidates',
  'households',
] as const;
export type CircleLayer = (typeof CIRCLE_LAYERS)[number];
export const USUAL_LAYERS: readonly CircleLayer[] = ['background', 'units', 'points', 'households'];

export const DOCKS = ['table', 'charts', 'uncovered'] as const;
export type Dock = (typeof DOCKS)[number];

/** Which of two runs the map shows. */
export const SIDES = ['after', 'before', 'difference'] as const;
export type Side = (typeof SIDES)[number];

export type CircleView = {
  run: number | null;
  column: number;
  /** The run that it is compared with. */
  before: number | null;
  side: Side;
  by: Measure;
  /** null: as the figures suggest. */
  method: Method | null;
  classes: number;
  /** The limits of the manual method. */
  limits: readonly number[];
  show: readonly CircleLayer[];
  tab: Tab;
  /** null: the tables are folded away. */
  dock: Dock | null;
  /** The search among candidates whose gains the map shows. */
  siting: number | null;
};

const PARTS = [
  'run',
  'column',
  'before',
  'side',
  'by',
  'method',
  'classes',
  'limits',
  'show',
  'tab',
  'dock',
  'siting',
] as const satisfies readonly (keyof CircleView)[];

function readId(text: string | null): number | null {
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

function readWhole(text: string | null, least: number, most: number, otherwise: number): number {
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isInteger(number) && number >= least && number <= most ? number : otherwise;
}

function readNumbers(text: string | null): number[] {
  const numbers = (text ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return numbers.every(Number.isFinite) ? numbers.slice(0, MOST - 1) : [];
}

/** readCircle makes a view of the query of an address; what it does not understand it leaves out. */
export function readCircle(search: string): CircleView {
  const query = new URLSearchParams(search);
  const show = query.get('show');
  const dock = query.get('dock');
  return {
    run: readId(query.get('run')),
    column: readWhole(query.get('column'), 0, 199, 0),
    before: readId(query.get('before')),
    side: oneOf(SIDES, query.get('side')) ?? 'after',
    by: oneOf(MEASURES, query.get('by')) ?? 'share',
    method: oneOf(METHODS, query.get('method')) ?? null,
    classes: readWhole(query.get('classes'), FEWEST, MOST, 5),
    limits: readNumbers(query.get('limits')),
    show: show === null ? USUAL_LAYERS : show.split(',').flatMap((name) => oneOf(CIRCLE_LAYERS, name) ?? []),
    tab: oneOf(TABS, query.get('tab')) ?? 'coverage',
    dock: dock === 'none' ? null : (oneOf(DOCKS, dock) ?? 'table'),
    siting: readId(query.get('siting')),
  };
}

/** writeCircle is the query of a view, without what goes without saying. */
export function writeCircle(view: CircleView): string {
  const usual =
    view.show.length === USUAL_LAYERS.length && USUAL_LAYERS.every((name) => view.show.includes(name));
  const unless = <T>(value: T, usually: T) => (value === usually ? null : String(value));
  const parts: [(typeof PARTS)[number], string | null][] = [
    ['run', unless(view.run, null)],
    ['column', unless(view.column, 0)],
    ['before', unless(view.before, null)],
    ['side', unless(view.side, 'after')],
    ['by', unless(view.by, 'share')],
    ['method', unless(view.method, null)],
    ['classes', unless(view.classes, 5)],
    ['limits', view.limits.length === 0 ? null : view.limits.join(',')],
    ['show', usual ? null : view.show.join(',')],
    ['tab', unless(view.tab, 'coverage')],
    ['dock', unless(view.dock ?? 'none', 'table')],
    ['siting', unless(view.siting, null)],
  ];
  return parts
    .filter((part): part is [(typeof PARTS)[number], string] => part[1] !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`)
    .join('&');
}

const { useStore, set, reread } = inAddress(PARTS, readCircle, writeCircle);

export { reread as rereadCircle, set as setCircle };

/** useCircleView is the view and how to change it. */
export const useCircleView = (): [CircleView, typeof set] => [useStore(), set];
export const useCircleOfHistory = (): void => useOfHistory(reread);

/** toggled adds a layer, or takes it away. */
export const toggled = (show: readonly CircleLayer[], layer: CircleLayer): readonly CircleLayer[] =>
  show.includes(layer) ? show.filter((other) => other !== layer) : [...show, layer];
