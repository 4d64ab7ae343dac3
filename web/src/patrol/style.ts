// What the officer's maps draw over the ground.
import type { Feature } from 'geojson';
import type { StyleSpecification } from 'maplibre-gl';
import type { Palette } from '../theme/palette';

export const nothing = { type: 'FeatureCollection' as const, features: [] as Feature[] };

/** withPlace lays the phone, and its way, over the ground. */
export function withPlace(ground: StyleSpecification, palette: Palette): StyleSpecification {
  return {
    ...ground,
    sources: { ...ground.sources, here: { type: 'geojson', data: nothing } },
    layers: [
      ...ground.layers,
      {
        id: 'beat',
        type: 'line',
        source: 'here',
        filter: ['==', ['get', 'part'], 'beat'],
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        // Of no colour of the borders, which often run along the same street.
        paint: { 'line-color': palette.draft, 'line-width': 7, 'line-opacity': 0.75 },
      },
      {
        id: 'way',
        type: 'line',
        source: 'here',
        filter: ['==', ['get', 'part'], 'way'], // one line of several counts as a LineString
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        paint: { 'line-color': palette.seal, 'line-width': 5 },
      },
      {
        id: 'here-around',
        type: 'fill',
        source: 'here',
        filter: ['==', ['geometry-type'], 'Polygon'],
        paint: { 'fill-color': palette.accent, 'fill-opacity': 0.18, 'fill-outline-color': palette.accent },
      },
      {
        id: 'here',
        type: 'circle',
        source: 'here',
        filter: ['==', ['geometry-type'], 'Point'],
        paint: {
          'circle-radius': 8,
          'circle-color': palette.accent,
          'circle-stroke-color': palette.casing,
          'circle-stroke-width': 3,
        },
      },
    ],
  };
}
