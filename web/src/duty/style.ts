// What the duty room draws over the units: posts on duty by cell, and when streets and
// cells were seen last.
import { cellToBoundary } from 'h3-js';
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import type { Style } from '../admin/unit-map';
import type { Post } from '../live/picture';
import type { Palette } from '../theme/palette';

/** Classes of the freshness of a street, as the tiles have them, the freshest first. */
export const CLASSES = ['day', 'week', 'fortnight', 'month', 'older', 'never'] as const;

/** classColours go from just seen to long unseen; what nobody ever saw stands out in grey ink. */
export const classColours = (p: Palette): Record<(typeof CLASSES)[number], string> => ({
  day: p.good,
  week: p.cells[3],
  fortnight: p.cells[2],
  month: p.warn,
  older: p.seal,
  never: p.inkFaint,
});

/** Lower limits of the share of streets seen within a week. */
export const SHARES = [0, 0.01, 0.25, 0.5, 0.75] as const;

/** byCell counts posts by the cell they are in. */
export function byCell(posts: readonly Post[]): Map<string, number> {
  const cells = new Map<string, number>();
  for (const { cell } of posts) if (cell) cells.set(cell, (cells.get(cell) ?? 0) + 1);
  return cells;
}

/** withDuty draws the rough places of posts: a hexagon, with how many are in it. */
export function withDuty(style: Style, posts: readonly Post[], p: Palette): Style {
  const features = [...byCell(posts)].map(([cell, n]) => {
    const ring = cellToBoundary(cell, true);
    return {
      type: 'Feature' as const,
      properties: { n: String(n) },
      geometry: { type: 'Polygon' as const, coordinates: [ring] },
    };
  });
  return over(style, { duty: { type: 'geojson', data: { type: 'FeatureCollection', features } } }, [
    {
      id: 'duty-fill',
      type: 'fill',
      source: 'duty',
      paint: { 'fill-color': p.accent, 'fill-opacity': 0.35 },
    },
    { id: 'duty-line', type: 'line', source: 'duty', paint: { 'line-color': p.accent, 'line-width': 2 } },
    {
      id: 'duty-count',
      type: 'symbol',
      source: 'duty',
      layout: { 'text-field': ['get', 'n'], 'text-size': 16, 'text-allow-overlap': true },
      paint: { 'text-color': p.ink, 'text-halo-color': p.casing, 'text-halo-width': 2 },
    },
  ]);
}

/** vector is a layer of tiles; another version is another source, so that the map reads it anew. */
const vector = (name: string, version: string) => ({
  [name]: { type: 'vector' as const, url: `${location.origin}/tiles/${name}.json#${version}` },
});

/** withFreshness draws streets by when a patrol saw them last. */
export function withFreshness(style: Style, p: Palette, version: string): Style {
  const colours = classColours(p);
  const colour = [
    'match',
    ['get', 'class'],
    ...CLASSES.flatMap((one) => [one, colours[one]]),
    p.inkFaint,
  ] as unknown as ExpressionSpecification;
  return over(style, vector('freshness', version), [
    {
      id: 'freshness',
      type: 'line',
      source: 'freshness',
      'source-layer': 'freshness',
      layout: { 'line-cap': 'round' },
      paint: { 'line-color': colour, 'line-width': ['interpolate', ['linear'], ['zoom'], 13, 1.5, 17, 5] },
    },
  ]);
}

/** withFreshCells draws cells by the share of their streets that was seen within a week. */
export function withFreshCells(style: Style, p: Palette, version: string): Style {
  const colour = [
    'step',
    ['get', 'week'],
    ...SHARES.flatMap((from, i) => (i === 0 ? [p.cells[0]] : [from, p.cells[i]])),
  ] as unknown as ExpressionSpecification;
  return over(style, vector('freshness_cells', version), [
    {
      id: 'freshness-cells',
      type: 'fill',
      source: 'freshness_cells',
      'source-layer': 'freshness_cells',
      paint: { 'fill-color': colour, 'fill-opacity': 0.75 },
    },
  ]);
}

/** over puts layers above the wash of the units and under their borders and names. */
function over(style: Style, sources: Style['sources'], layers: LayerSpecification[]): Style {
  const at = style.layers.findIndex(({ id }) => id === 'unit-fill') + 1;
  return {
    ...style,
    sources: { ...style.sources, ...sources },
    layers: [...style.layers.slice(0, at), ...layers, ...style.layers.slice(at)],
  };
}
