// What a consultation adds to the public map: the borders in force and those proposed.
import type { FilterSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Palette } from '../theme/palette';
import type { ShownUnits, Side } from './queries';

export const SIDES = ['both', 'before', 'after'] as const;
export type Sides = (typeof SIDES)[number];

/** withSides lays one division or both over the ground, in the place of the units in force. */
export function withSides(
  ground: StyleSpecification,
  units: ShownUnits | undefined,
  shown: Sides,
  palette: Palette,
): StyleSpecification {
  if (!units) return ground;
  const sides: Side[] = shown === 'both' ? ['before', 'after'] : [shown];
  return {
    ...ground,
    sources: { ...ground.sources, consultation: { type: 'geojson', data: units as never } },
    layers: [
      ...ground.layers.filter((layer) => !('source' in layer && /^(grid|label)-/.test(String(layer.source)))),
      ...sides.flatMap((side) => layersOf(side, palette)),
      label(sides.at(-1) ?? 'after', palette),
    ],
  };
}

function layersOf(side: Side, palette: Palette): LayerSpecification[] {
  const filter: FilterSpecification = ['==', ['get', 'side'], side];
  const before = side === 'before';
  return [
    {
      id: `${side}-fill`,
      type: 'fill',
      source: 'consultation',
      filter,
      paint: { 'fill-color': palette.accent, 'fill-opacity': before ? 0.02 : 0.06 },
    },
    {
      id: `${side}-casing`,
      type: 'line',
      source: 'consultation',
      filter,
      layout: { 'line-join': 'round' },
      paint: { 'line-color': palette.casing, 'line-width': before ? 6 : 3.6, 'line-opacity': 0.7 },
    },
    {
      id: `${side}-line`,
      type: 'line',
      source: 'consultation',
      filter,
      layout: { 'line-join': 'round' },
      paint: before
        ? { 'line-color': palette.inkSoft, 'line-width': 4, 'line-opacity': 0.55 }
        : { 'line-color': palette.accent, 'line-width': 1.8 },
    },
  ];
}

const label = (side: Side, palette: Palette): LayerSpecification => ({
  id: 'consultation-label',
  type: 'symbol',
  source: 'consultation',
  filter: ['==', ['get', 'side'], side],
  layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 6 },
  paint: { 'text-color': palette.label, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
});
