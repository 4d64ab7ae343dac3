// What the page lays over the ground: a division, worked out or present, and the places
// where rules cannot be met. Pure functions over the style of map/style.ts.
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';
import type { Units } from '../compare/types';
import type { Palette } from '../theme/palette';
import type { Parts } from './types';

type Drawn = { unit: string; text: string; tint: number; wrong: boolean; locked: boolean };
export type Division = {
  type: 'FeatureCollection';
  features: { type: 'Feature'; geometry: { coordinates?: unknown } | null; properties: Drawn }[];
};

/** A place and what is said there. */
export type Mark = { number: number; at: [number, number]; text: string; chosen: boolean };

/** ofParts draws an alternative; wrong are the ordinals of parts that break a rule. */
export function ofParts(
  parts: Parts,
  wrong: ReadonlySet<number>,
  text: (households: number) => string,
  tints: number,
): Division {
  return {
    type: 'FeatureCollection',
    features: parts.features.map(({ geometry, properties: part }) => ({
      type: 'Feature',
      geometry: geometry as never,
      properties: {
        unit: part.code,
        text: text(part.households),
        tint: part.ordinal % tints,
        wrong: wrong.has(part.ordinal),
        locked: false,
      },
    })),
  };
}

/** ofPresent draws the units in force. */
export function ofPresent(units: Units, locked: readonly string[], tints: number): Division {
  return {
    type: 'FeatureCollection',
    features: units.features.map(({ geometry, properties: unit }, index) => ({
      type: 'Feature',
      geometry: geometry as never,
      properties: {
        unit: unit.code,
        text: unit.name,
        tint: index % tints,
        wrong: false,
        locked: locked.includes(unit.code),
      },
    })),
  };
}

/** withDivision lays a division over the ground. */
export function withDivision(
  ground: StyleSpecification,
  division: Division | undefined,
  palette: Palette,
): StyleSpecification {
  if (!division) return ground;
  const tint = [
    'match',
    ['get', 'tint'],
    ...palette.tints.flatMap((colour, index) => [index, colour]),
    palette.paper,
  ] as unknown as ExpressionSpecification;
  return {
    ...ground,
    sources: { ...ground.sources, division: { type: 'geojson', data: division as never } },
    layers: [
      ...ground.layers,
      {
        id: 'division-fill',
        type: 'fill',
        source: 'division',
        paint: {
          'fill-color': ['case', ['get', 'wrong'], palette.faultHard, ['get', 'locked'], palette.ink, tint],
          'fill-opacity': ['case', ['get', 'locked'], 0.3, 0.42],
        },
      },
      {
        id: 'division-casing',
        type: 'line',
        source: 'division',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.casing, 'line-width': 3.6, 'line-opacity': 0.75 },
      },
      {
        id: 'division-line',
        type: 'line',
        source: 'division',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.grid, 'line-width': 1.6 },
      },
      {
        id: 'division-label',
        type: 'symbol',
        source: 'division',
        layout: { 'text-field': ['get', 'text'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 6 },
        paint: { 'text-color': palette.label, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
      },
    ],
  };
}

/** withMarks says at their places what cannot be met; what is chosen lies above. */
export function withMarks(
  style: StyleSpecification,
  marks: readonly Mark[],
  palette: Palette,
): StyleSpecification {
  if (marks.length === 0) return style;
  const data = {
    type: 'FeatureCollection',
    features: marks.map(({ at, ...properties }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: at },
      properties,
    })),
  };
  const chosen: ExpressionSpecification = ['get', 'chosen'];
  return {
    ...style,
    sources: { ...style.sources, marks: { type: 'geojson', data: data as never } },
    layers: [
      ...style.layers,
      {
        id: 'marks-dot',
        type: 'circle',
        source: 'marks',
        paint: {
          'circle-radius': ['case', chosen, 9, 6],
          'circle-color': palette.faultHard,
          'circle-stroke-color': palette.casing,
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'marks-text',
        type: 'symbol',
        source: 'marks',
        layout: {
          'text-field': ['get', 'text'],
          'text-size': 13,
          'text-anchor': 'top',
          'text-offset': [0, 0.9],
          'text-max-width': 12,
          'symbol-sort-key': ['case', chosen, 0, ['get', 'number']],
        },
        paint: { 'text-color': palette.bad, 'text-halo-color': palette.casing, 'text-halo-width': 2 },
      },
    ],
  };
}
