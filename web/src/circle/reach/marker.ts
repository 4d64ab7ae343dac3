// The marker of the reach tool: it is dragged with a hand, moved with the arrow keys,
// and tells where it is on the way.
import { type Map as MapLibreMap, Marker } from 'maplibre-gl';
import { useEffect, useRef } from 'react';
import type { LonLat } from '../../api/types';

/** How far an arrow key moves the marker, in pixels; with Shift ten times as far. */
const STEP = 4;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** useMarker shows a marker at a place; it calls onMove with every place on its way. */
export function useMarker(
  map: MapLibreMap | null,
  at: LonLat | null,
  colour: string,
  label: string,
  onMove: (at: LonLat) => void,
): void {
  const marker = useRef<Marker | null>(null);
  const move = useRef(onMove);
  move.current = onMove;
  const shown = at !== null;
  useEffect(() => {
    if (!map || !shown) return;
    const made = new Marker({ draggable: true, color: colour }).setLngLat([0, 0]).addTo(map);
    marker.current = made;
    const element = made.getElement();
    element.tabIndex = 0;
    element.setAttribute('role', 'button');
    element.setAttribute('aria-label', label);
    const tell = () => {
      const { lng, lat } = made.getLngLat();
      move.current([lng, lat]);
    };
    const key = (event: KeyboardEvent) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      event.stopPropagation();
      const far = event.shiftKey ? STEP * 10 : STEP;
      const from = map.project(made.getLngLat());
      made.setLngLat(map.unproject([from.x + arrow[0] * far, from.y + arrow[1] * far]));
      tell();
    };
    made.on('drag', tell);
    element.addEventListener('keydown', key);
    return () => {
      element.removeEventListener('keydown', key);
      made.remove();
      marker.current = null;
    };
  }, [map, shown, colour, label]);
  // After the marker is made, and whenever the place is set by something else.
  useEffect(() => {
    if (at && map) marker.current?.setLngLat(at);
  }, [at, map]);
}
