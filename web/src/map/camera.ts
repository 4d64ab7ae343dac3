// Where the map looks. Panels cover part of it, so what is shown goes to the
// middle of the part that is free.
import type { Map as MapLibreMap, PaddingOptions } from 'maplibre-gl';
import type { LonLat } from '../api/types';
import { usePage } from '../view/store';

export type Bounds = [west: number, south: number, east: number, north: number];

/** All of China, where nobody has said where the town is. */
export const NOWHERE: Bounds = [88, 20, 122, 46];

/** asBounds checks a box that came from outside; null when it is not one. */
export function asBounds(box: readonly number[] | null | undefined): Bounds | null {
  if (box?.length !== 4 || box.some((edge) => !Number.isFinite(edge))) return null;
  const [west, south, east, north] = box as Bounds;
  return west <= east && south <= north ? [west, south, east, north] : null;
}

export const isPhone = () => window.matchMedia('(max-width: 767px)').matches;
const reducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

function padding(map: MapLibreMap): PaddingOptions {
  if (isPhone())
    return { top: 84, right: 24, bottom: Math.round(map.getContainer().clientHeight * 0.42), left: 24 };
  const panel = document.querySelector('.panel')?.getBoundingClientRect().right ?? 0;
  const legend = document.querySelector('.circle-legend')?.clientWidth;
  const card = legend ? legend + 32 : map.getContainer().clientWidth > 1100 ? 400 : 40;
  return { top: 40, right: card, bottom: 60, left: Math.round(panel) + 32 };
}

/** goToBounds shows a box, not closer than maxZoom. */
export function goToBounds(box: Bounds, maxZoom = 17): void {
  const { map } = usePage.getState();
  if (!map) return;
  const [west, south, east, north] = box;
  map.fitBounds([west, south, east, north], {
    padding: padding(map),
    maxZoom,
    animate: !reducedMotion(),
    duration: 900,
    retainPadding: false,
  } as Parameters<MapLibreMap['fitBounds']>[1]);
}

/** goToPlace shows a place, at least as close as zoom. */
export function goToPlace([lon, lat]: LonLat, zoom = 16.5): void {
  const d = 1e-5;
  const { map } = usePage.getState();
  if (!map) return;
  goToBounds([lon - d, lat - d, lon + d, lat + d], Math.max(zoom, map.getZoom()));
}

/** boundsOf is the box around any GeoJSON coordinates; null when there are none. */
export function boundsOf(coordinates: unknown): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part;
    if (typeof x === 'number' && typeof y === 'number') {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
      return;
    }
    for (const inner of part) visit(inner);
  };
  visit(coordinates);
  return Number.isFinite(box[0]) ? box : null;
}
