// What is to be done as signs on the officer's map, from what the phone keeps: they are
// there without signal too.
import type { Feature } from 'geojson';
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';
import type { LonLat } from '../api/types';
import type { Palette } from '../theme/palette';
import { type Done, type Duties, inspectionKey, markKey, stepKey, visited } from './duties';
import { nothing } from './style';

/** around: an open incident of somebody else near by. */
export const KINDS = ['incident', 'visit', 'checkpoint', 'premises', 'around'] as const;

/** One sign; the text is what stands on its card. */
export type Todo = {
  kind: (typeof KINDS)[number];
  at: LonLat;
  late: boolean;
  name: string;
  category: string;
};

/** todoOf are the things with a place that wait to be done; what was done on this phone is left out. */
export function todoOf(duties: Duties, done: Done, now: number): Todo[] {
  const today = new Date(now + 8 * 3_600_000).toISOString().slice(0, 10); // in China
  const found: Todo[] = [];
  const add = (
    kind: Todo['kind'],
    at: number[] | null | undefined,
    late: boolean,
    name: string,
    category = '',
  ) => {
    if (at) found.push({ kind, at: at as LonLat, late, name, category });
  };
  for (const one of duties.around ?? []) add('around', one.point, false, one.text, one.category);
  for (const one of duties.checkpoints)
    if (!done[markKey(one.id)]) add('checkpoint', one.at, false, one.name);
  for (const one of duties.premises)
    if (!done[inspectionKey(one.id)]) add('premises', one.at, one.valid_until < today, one.name);
  for (const one of duties.visits)
    if (!visited(done, one)) add('visit', one.at, one.overdue, one.address, one.cadence);
  for (const one of duties.incidents) {
    const late = one.due_at !== null && Date.parse(one.due_at) < now;
    if (!done[stepKey(one.id)]) add('incident', one.point, late, one.text, one.category);
  }
  return found;
}

export type Signs = Record<Todo['kind'], string>;

/** The sources of the signs: those of todo go together where they would cover each other. */
export const SOURCES = ['todo', 'around'] as const;
export type Source = (typeof SOURCES)[number];

/** asFeatures are the signs of a source as the map takes them; each is a letter for its kind. */
export const asFeatures = (list: readonly Todo[], signs: Signs, source: Source) => ({
  ...nothing,
  features: list.flatMap(({ kind, at, late }, n): Feature[] =>
    (kind === 'around') === (source === 'around')
      ? [
          {
            type: 'Feature',
            properties: { n, late, sign: signs[kind] },
            geometry: { type: 'Point', coordinates: at },
          },
        ]
      : [],
  ),
});

/**
 * withTodo lays the signs over everything on a map, what is late above the rest. They keep no
 * name away: the unit's is drawn below them.
 */
export function withTodo(style: StyleSpecification, palette: Palette): StyleSpecification {
  const late: ExpressionSpecification = ['get', 'late'];
  return {
    ...style,
    sources: {
      ...style.sources,
      around: { type: 'geojson', data: nothing },
      todo: {
        type: 'geojson',
        data: nothing,
        cluster: true,
        clusterRadius: 26,
        // Homes of one house stand in one place at every zoom.
        clusterMaxZoom: 21,
        maxzoom: 22,
        clusterProperties: { late: ['any', late] },
      },
    },
    layers: [
      ...style.layers,
      {
        id: 'around',
        type: 'circle',
        source: 'around',
        paint: {
          'circle-radius': 8,
          'circle-color': palette.raised,
          'circle-stroke-color': palette.accent,
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'around-sign',
        type: 'symbol',
        source: 'around',
        minzoom: 15,
        layout: {
          'text-field': ['get', 'sign'],
          'text-size': 10,
          'text-padding': 0,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': palette.ink },
      },
      {
        id: 'todo',
        type: 'circle',
        source: 'todo',
        layout: { 'circle-sort-key': ['case', late, 1, 0] },
        paint: {
          'circle-radius': ['case', ['has', 'point_count'], 15, 12],
          'circle-color': ['case', late, palette.bad, palette.surface],
          'circle-stroke-color': ['case', late, palette.surface, palette.accent],
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'todo-sign',
        type: 'symbol',
        source: 'todo',
        layout: {
          'text-field': [
            'case',
            ['has', 'point_count'],
            ['to-string', ['get', 'point_count']],
            ['get', 'sign'],
          ],
          'text-size': 14,
          'text-padding': 0,
          'text-ignore-placement': true,
          'symbol-sort-key': ['case', late, 1, 0],
        },
        paint: { 'text-color': ['case', late, palette.paper, palette.ink] },
      },
    ],
  };
}
