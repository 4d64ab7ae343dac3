// What the address of the page holds, so that a link shows the same to another
// person: level, unit or place, date, layers, panel, draft, language, theme. The
// camera is in the hash (#map=zoom/lat/lon), which MapLibre keeps.
import {
  createParser,
  parseAsArrayOf,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import type { LonLat } from '../api/types';

export const LAYERS = ['background', 'cell', 'zone', 'household', 'incident', 'service-point'] as const;
export type Layer = (typeof LAYERS)[number];
export const DEFAULT_LAYERS: Layer[] = ['background', 'service-point'];

export const PANELS = ['map', 'units', 'data', 'unplaced'] as const;
export type PanelName = (typeof PANELS)[number];

export const CELL_MEASURES = ['households', 'incidents'] as const;
export type CellMeasure = (typeof CELL_MEASURES)[number];

/** A thing chosen on the map: kind and id, as in "household:12". */
export type Item = { kind: 'household' | 'incident' | 'service-point'; id: string };

const parseAsDate = createParser<string>({
  parse: (text) => (isDate(text) ? text : null),
  serialize: (date) => date,
});

/** isDate accepts real calendar days as YYYY-MM-DD and nothing else. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const parseAsPlace = createParser<LonLat>({
  parse: (text) => {
    const [lon, lat, ...rest] = text.split(',').map(Number);
    if (rest.length > 0 || lon === undefined || lat === undefined) return null;
    return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
  },
  serialize: ([lon, lat]) => `${lon.toFixed(7)},${lat.toFixed(7)}`,
  eq: (a, b) => a[0] === b[0] && a[1] === b[1],
});

const parseAsItem = createParser<Item>({
  parse: (text) => {
    const match = /^(household|incident|service-point):(.+)$/.exec(text);
    return match ? { kind: match[1] as Item['kind'], id: match[2] ?? '' } : null;
  },
  serialize: (item) => `${item.kind}:${item.id}`,
  eq: (a, b) => a.kind === b.kind && a.id === b.id,
});

export const viewParsers = {
  level: parseAsString,
  unit: parseAsString,
  place: parseAsPlace,
  item: parseAsItem,
  at: parseAsDate,
  layers: parseAsArrayOf(parseAsStringLiteral(LAYERS)).withDefault(DEFAULT_LAYERS),
  cells: parseAsStringLiteral(CELL_MEASURES).withDefault('households'),
  panel: parseAsStringLiteral(PANELS),
  plan: parseAsInteger,
  lang: parseAsStringLiteral(['zh', 'en'] as const),
  theme: parseAsStringLiteral(['light', 'dark', 'system'] as const),
};

/** useView reads and writes the address; null takes a part out of it. */
export const useView = () => useQueryStates(viewParsers, { history: 'replace', shallow: true });

/** nothingSelected clears what the card shows. */
export const nothingSelected = { unit: null, place: null, item: null };
