// What a comparison adds to the map: the units of a side by what became of them, or
// the land that changes hands. Pure functions over the style of map/style.ts.
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Palette, Theme } from '../theme/palette';
import { colourOf } from './kinds';
import { type Difference, KINDS, type Units } from './types';

type Choice = { theme: Theme; palette: Palette; change: number | null };

/** byKind is the colour of a feature by its kind. */
const byKind = (theme: Theme, otherwise: string): ExpressionSpecification =>
  [
    'match',
    ['get', 'kind'],
    ...KINDS.flatMap((kind) => [kind, colourOf(theme, kind)]),
    otherwise,
  ] as unknown as ExpressionSpecification;

const isChosen = (change: number | null): ExpressionSpecification => ['==', ['get', 'change'], change ?? -1];

function borders(source: string, { palette, change }: Choice): LayerSpecification[] {
  return [
    {
      id: `${source}-casing`,
      type: 'line',
      source,
      layout: { 'line-join': 'round' },
      paint: { 'line-color': palette.casing, 'line-width': 3.4, 'line-opacity': 0.75 },
    },
    {
      id: `${source}-line`,
      type: 'line',
      source,
      layout: { 'line-join': 'round' },
      paint: { 'line-color': palette.grid, 'line-width': 1.4 },
    },
    {
      id: `${source}-chosen`,
      type: 'line',
      source,
      filter: isChosen(change),
      layout: { 'line-join': 'round' },
      paint: { 'line-color': palette.seal, 'line-width': 3 },
    },
  ];
}

/** withUnits lays the units of a side over the ground; those that are unchanged stay plain. */
export function withUnits(
  ground: StyleSpecification,
  units: Units | undefined,
  choice: Choice,
): StyleSpecification {
  if (!units) return ground;
  const { theme, palette } = choice;
  return {
    ...ground,
    sources: { ...ground.sources, units: { type: 'geojson', data: units as never } },
    layers: [
      ...ground.layers,
      {
        id: 'units-fill',
        type: 'fill',
        source: 'units',
        paint: {
          'fill-color': byKind(theme, palette.paper),
          'fill-opacity': ['case', ['==', ['get', 'change'], 0], 0.08, isChosen(choice.change), 0.6, 0.38],
        },
      },
      ...borders('units', choice),
      {
        id: 'units-label',
        type: 'symbol',
        source: 'units',
        layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 10 },
        paint: { 'text-color': palette.label, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
      },
    ],
  };
}

/** withDifference lays the land that changes hands over the units after; kinds are those of the changes, by number from 1. */
export function withDifference(
  ground: StyleSpecification,
  units: Units | undefined,
  difference: Difference | undefined,
  kinds: readonly string[],
  choice: Choice,
): StyleSpecification {
  const { theme, palette } = choice;
  const plain = withUnits(ground, units, choice);
  const below = {
    ...plain,
    layers: plain.layers.filter((layer) => layer.id !== 'units-fill'),
  };
  if (!difference) return below;
  const data = {
    ...difference,
    features: difference.features.map((feature) => ({
      ...feature,
      properties: {
        ...feature.properties,
        kind: kinds[feature.properties.change - 1] ?? '',
        text: `${feature.properties.before || '–'} → ${feature.properties.after || '–'}`,
      },
    })),
  };
  const label = below.layers.findIndex((layer) => layer.id === 'units-label');
  const at = label < 0 ? below.layers.length : label;
  return {
    ...below,
    sources: { ...below.sources, difference: { type: 'geojson', data: data as never } },
    layers: [
      ...below.layers.slice(0, at),
      {
        id: 'difference-fill',
        type: 'fill',
        source: 'difference',
        paint: {
          'fill-color': byKind(theme, palette.ink),
          'fill-opacity': ['case', isChosen(choice.change), 0.85, 0.6],
        },
      },
      {
        id: 'difference-line',
        type: 'line',
        source: 'difference',
        paint: { 'line-color': palette.ink, 'line-width': 1, 'line-dasharray': [3, 2] },
      },
      ...below.layers.slice(at).filter((layer) => layer.id !== 'units-label'),
      {
        id: 'difference-label',
        type: 'symbol',
        source: 'difference',
        minzoom: 13,
        layout: { 'text-field': ['get', 'text'], 'text-size': 11, 'text-max-width': 16, 'text-padding': 8 },
        paint: { 'text-color': palette.ink, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
      },
    ],
  };
}
