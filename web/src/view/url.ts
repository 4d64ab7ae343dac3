// What the address of the page holds, so that a link shows the same to another
// person: level, unit or place, date, layers, panel, draft, language, theme. The
// camera is in the hash (#map=zoom/lat/lon), which MapLibre writes; each leaves
// the other's part alone, and both write at once, so that none is lost.
import { useEffect, useLayoutEffect } from 'react';
import { useLocation } from 'react-router';
import { create } from 'zustand';
import type { LonLat } from '../api/types';

export const LAYERS = ['background', 'cell', 'zone', 'household', 'incident', 'service-point'] as const;
export type Layer = (typeof LAYERS)[number];
export const DEFAULT_LAYERS: readonly Layer[] = ['background', 'service-point'];

export const PANELS = ['map', 'units', 'data', 'unplaced'] as const;
export type PanelName = (typeof PANELS)[number];

export const CELL_MEASURES = ['households', 'incidents'] as const;
export type CellMeasure = (typeof CELL_MEASURES)[number];

const KINDS = ['household', 'incident', 'service-point'] as const;
/** A thing chosen on the map: kind and id, as in "household:12". */
export type Item = { kind: (typeof KINDS)[number]; id: string };

export type View = {
  level: string | null;
  unit: string | null;
  place: LonLat | null;
  item: Item | null;
  /** The day that is shown; null is today. */
  at: string | null;
  layers: readonly Layer[];
  cells: CellMeasure;
  panel: PanelName | null;
  /** The draft that is open. */
  plan: number | null;
  lang: 'zh' | 'en' | null;
  theme: 'light' | 'dark' | 'system' | null;
};

/** The names under which the query holds a view. */
const PARTS = [
  'level',
  'unit',
  'place',
  'item',
  'at',
  'layers',
  'cells',
  'panel',
  'plan',
  'lang',
  'theme',
] as const satisfies readonly (keyof View)[];

/** isDate accepts real calendar days as YYYY-MM-DD and nothing else. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** oneOf is the word that a text is; null when it is none of them. */
export const oneOf = <T extends string>(words: readonly T[], text: string | null): T | null =>
  words.find((word) => word === text) ?? null;

function readPlace(text: string | null): LonLat | null {
  const [lon, lat, ...rest] = (text ?? '')
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (rest.length > 0 || lon === undefined || lat === undefined) return null;
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
}

function readItem(text: string | null): Item | null {
  const [, kind = '', id = ''] = /^([a-z-]+):(.+)$/.exec(text ?? '') ?? [];
  const known = oneOf(KINDS, kind);
  return known && id ? { kind: known, id } : null;
}

function readLayers(text: string | null): readonly Layer[] {
  if (text === null) return DEFAULT_LAYERS;
  return text.split(',').flatMap((name) => oneOf(LAYERS, name) ?? []);
}

/** readView makes a view of the query of an address; what it does not understand it leaves out. */
export function readView(search: string): View {
  const query = new URLSearchParams(search);
  const plan = Number(query.get('plan'));
  const at = query.get('at');
  return {
    level: query.get('level'),
    unit: query.get('unit'),
    place: readPlace(query.get('place')),
    item: readItem(query.get('item')),
    at: at !== null && isDate(at) ? at : null,
    layers: readLayers(query.get('layers')),
    cells: oneOf(CELL_MEASURES, query.get('cells')) ?? 'households',
    panel: oneOf(PANELS, query.get('panel')),
    plan: Number.isInteger(plan) && plan > 0 ? plan : null,
    lang: oneOf(['zh', 'en'] as const, query.get('lang')),
    theme: oneOf(['light', 'dark', 'system'] as const, query.get('theme')),
  };
}

/** writeView is the query of a view, without what goes without saying. */
export function writeView(view: View): string {
  const { place, item, layers, cells } = view;
  const usual =
    layers.length === DEFAULT_LAYERS.length && DEFAULT_LAYERS.every((name) => layers.includes(name));
  const parts: [string, string | null][] = [
    ['level', view.level],
    ['unit', view.unit],
    ['place', place && `${place[0].toFixed(7)},${place[1].toFixed(7)}`],
    ['item', item && `${item.kind}:${item.id}`],
    ['at', view.at],
    ['layers', usual ? null : layers.join(',')],
    ['cells', cells === 'households' ? null : cells],
    ['panel', view.panel],
    ['plan', view.plan === null ? null : String(view.plan)],
    ['lang', view.lang],
    ['theme', view.theme],
  ];
  const said = parts.filter((part): part is [string, string] => part[1] !== null);
  return said.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`).join('&');
}

/** sayInAddress replaces what the query says under these names; the rest belongs to others and stays. */
function sayInAddress(names: readonly string[], said: string): void {
  const others = location.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !names.includes(part.split('=', 1)[0] ?? ''));
  const query = [said, ...others].filter(Boolean).join('&');
  // The hash is read now, not remembered: the map may have written it meanwhile.
  history.replaceState(history.state, '', `${location.pathname}${query && `?${query}`}${location.hash}`);
}

/** inAddress keeps a view of some part of the page in the address, under these names. */
export function inAddress<V extends object>(
  names: readonly (keyof V & string)[],
  read: (search: string) => V,
  write: (view: V) => string,
) {
  const useStore = create<V>(() => read(location.search));
  /** set changes parts of the view and the address with them; null takes a part out. */
  function set(change: Partial<V>): void {
    const next = { ...useStore.getState(), ...change };
    sayInAddress(names, write(next));
    useStore.setState(next);
  }
  /** reread takes the view from the address, after somebody else has changed it. */
  const reread = (): void => useStore.setState(read(location.search));
  return { useStore, set, reread };
}

/** useOfHistory follows the browser's back and forward, and links between pages. */
export function useOfHistory(reread: () => void): void {
  const { key } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page, another address
  useLayoutEffect(reread, [key]);
  useEffect(() => {
    window.addEventListener('popstate', reread);
    return () => window.removeEventListener('popstate', reread);
  }, [reread]);
}

const { useStore, set, reread } = inAddress(PARTS, readView, writeView);

export { reread as rereadView, set as setView };

/** useView is the view and how to change it. */
export const useView = (): [View, typeof set] => [useStore(), set];
export const useViewOfHistory = (): void => useOfHistory(reread);

let map = '/';

/** keepMapAddress remembers where on the map one is, for the way back from another page. */
export function keepMapAddress(): void {
  if (location.pathname === '/') map = `/${location.search}${location.hash}`;
}

/** mapAddress is where one was on the map. */
export const mapAddress = (): string => map;

/** nothingSelected clears what the card shows. */
export const nothingSelected = { unit: null, place: null, item: null };
