// Cells over the units of a map.
import type { Style } from '../admin/unit-map';

export type Cell = { outline: number[][]; colour: string };

/** unwashed takes away the colours that tell neighbouring units apart: here colours are figures. */
export const unwashed = (style: Style): Style => ({
  ...style,
  layers: style.layers.map((layer) =>
    layer.id === 'unit-fill' && layer.type === 'fill' ? { ...layer, paint: { 'fill-opacity': 0 } } : layer,
  ),
});

/** withCells draws cells right above the wash of the units, under their borders and names. */
export function withCells(style: Style, cells: readonly Cell[], line: string): Style {
  const data = {
    type: 'FeatureCollection' as const,
    features: cells.map(({ outline, colour }) => ({
      type: 'Feature' as const,
      properties: { colour },
      geometry: { type: 'Polygon' as const, coordinates: [[...outline, ...outline.slice(0, 1)]] },
    })),
  };
  const at = style.layers.findIndex(({ id }) => id === 'unit-fill') + 1;
  const layers: Style['layers'] = [
    {
      id: 'incident-cells',
      type: 'fill',
      source: 'incident-cells',
      paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': 0.78 },
    },
    {
      id: 'incident-cell-lines',
      type: 'line',
      source: 'incident-cells',
      paint: { 'line-color': line, 'line-width': 0.6, 'line-opacity': 0.6 },
    },
  ];
  return {
    ...style,
    sources: { ...style.sources, 'incident-cells': { type: 'geojson', data } },
    layers: [...style.layers.slice(0, at), ...layers, ...style.layers.slice(at)],
  };
}
