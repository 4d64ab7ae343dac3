// The one map of a page: with controls, its camera in the address, the pointer told to
// the rest of the page, and a pick by mouse, finger or keyboard.
import { type MapRef, ScaleControl } from '@vis.gl/react-maplibre';
import type { Map as MapLibreMap, PaddingOptions, StyleSpecification } from 'maplibre-gl';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { LonLat } from '../api/types';
import { usePage } from '../view/store';
import type { Bounds } from './camera';
import { MapCanvas } from './canvas';
import { MapControls } from './controls';
import { reportFailure } from './refresh';

/** A point of the screen, in pixels from the corner of the map. */
export type Pixel = { x: number; y: number };

type Props = {
  label: string;
  /** What a press does now, when it is not what it usually does. */
  placing?: string | null;
  style: StyleSpecification;
  /** What is shown first, unless the address says where to look. */
  bounds: Bounds;
  padding: PaddingOptions | number;
  onPick: (map: MapLibreMap, point: Pixel, at: LonLat) => void;
  /** The pointer moves over the map; null: it has left. */
  onPoint: (map: MapLibreMap, point: Pixel | null) => void;
  /** Markers on the map. */
  children?: ReactNode;
};

export function PageMap({ label, placing = null, style, bounds, padding, onPick, onPoint, children }: Props) {
  const ref = useRef<MapRef>(null);
  const [ready, setReady] = useState(false);
  const said = placing ?? label;
  useEffect(() => {
    if (ready) ref.current?.getCanvas().setAttribute('aria-label', said);
  }, [said, ready]);
  useEffect(() => () => usePage.setState({ map: null }), []);
  return (
    <section className={placing ? 'map map-placing' : 'map'} aria-label={label} data-ready={ready}>
      <MapCanvas
        ref={ref}
        mapStyle={style}
        initialViewState={{ bounds, fitBoundsOptions: { padding } }}
        hash="map"
        maxZoom={21}
        fadeDuration={matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200}
        cursor={placing ? 'crosshair' : undefined}
        onLoad={(event) => {
          const map = asMap(event.target);
          map.keyboard.enable();
          usePage.setState({ map });
          exposeForSupport(map);
          setReady(true);
        }}
        onError={(event) => reportFailure(event as never)}
        onClick={(event) => onPick(asMap(event.target), event.point, [event.lngLat.lng, event.lngLat.lat])}
        onMouseMove={(event) => {
          usePage.setState({ pointer: [event.lngLat.lng, event.lngLat.lat] });
          onPoint(asMap(event.target), event.point);
        }}
        onMouseOut={(event) => {
          usePage.setState({ pointer: null });
          onPoint(asMap(event.target), null);
        }}
      >
        <ScaleControl position="bottom-left" maxWidth={110} unit="metric" />
        {children}
      </MapCanvas>
      <PickAtCentre onPick={onPick} />
      {ready && <MapControls />}
    </section>
  );
}

/** asMap is MapLibre's map: the binding knows it by a type of its own. */
const asMap = (map: unknown) => map as MapLibreMap;

/**
 * The map under a name that browser tests and people who help others can reach;
 * it gives no access that the page does not have.
 */
export function exposeForSupport(map: MapLibreMap) {
  (window as unknown as { wangge?: unknown }).wangge = { map };
}

/** For the keyboard: with the map focused, Enter picks what is at its centre. */
function PickAtCentre({ onPick }: Pick<Props, 'onPick'>) {
  const map = usePage((page) => page.map);
  const [focused, setFocused] = useState(false);
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    if (!map) return;
    const canvas = map.getCanvas();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return;
      const centre = map.getCenter();
      pick.current(map, map.project(centre), [centre.lng, centre.lat]);
    };
    const onFocus = () => setFocused(canvas.matches(':focus-visible'));
    const onBlur = () => setFocused(false);
    canvas.addEventListener('keydown', onKey);
    canvas.addEventListener('focus', onFocus);
    canvas.addEventListener('blur', onBlur);
    return () => {
      canvas.removeEventListener('keydown', onKey);
      canvas.removeEventListener('focus', onFocus);
      canvas.removeEventListener('blur', onBlur);
    };
  }, [map]);
  return focused ? <div className="map-crosshair" aria-hidden="true" /> : null;
}
