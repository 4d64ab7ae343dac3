// A small map under a pin: the place of a report, which is corrected by moving the map.
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { maplibregl, ownRequest } from '../map/maplibre';
import { MAP_FONT } from '../theme/fonts';
import { useGround } from './ground';
import { useLook } from './look';
import { circle } from './place';
import { nothing, withPlace } from './style';

export default function PinMap(props: {
  at: LonLat | null;
  /** In metres; null where the place was put by hand. */
  accuracy: number | null;
  onMove: (at: LonLat) => void;
}) {
  const { t } = useTranslation();
  const { at, accuracy } = props;
  const { palette } = useLook();
  const { style, bounds } = useGround();
  const element = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  const moved = useRef(props.onMove);
  moved.current = props.onMove;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the map is made once, where the place was then
  useEffect(() => {
    if (!element.current) return;
    const made = new maplibregl.Map({
      container: element.current,
      style: withPlace(style, palette),
      ...(at ? { center: at, zoom: 17 } : bounds ? { bounds } : { center: [105, 35], zoom: 3 }),
      attributionControl: false,
      transformRequest: ownRequest,
      localIdeographFontFamily: MAP_FONT,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      maxZoom: 20,
    });
    made.touchZoomRotate.disableRotation();
    made.on('dragend', () => {
      const { lng, lat } = made.getCenter();
      moved.current([lng, lat]);
    });
    // The keys of the map move it too.
    made.on('moveend', (event) => {
      if (!(event.originalEvent instanceof KeyboardEvent)) return;
      const { lng, lat } = made.getCenter();
      moved.current([lng, lat]);
    });
    made.on('load', () => setMap(made));
    return () => made.remove();
  }, []);

  useEffect(() => {
    map?.setStyle(withPlace(style, palette), { diff: true });
  }, [map, style, palette]);

  useEffect(() => {
    map?.getCanvas().setAttribute('aria-label', t('patrol.report.place'));
  }, [map, t]);

  useEffect(() => {
    if (!map) return;
    if (at) map.jumpTo({ center: at, zoom: Math.max(map.getZoom(), 16) });
    const around =
      at && accuracy
        ? [
            {
              type: 'Feature' as const,
              properties: {},
              geometry: { type: 'Polygon' as const, coordinates: [circle(at, accuracy)] },
            },
          ]
        : [];
    const show = () => map.getSource<GeoJSONSource>('here')?.setData({ ...nothing, features: around });
    show();
    map.on('styledata', show);
    return () => {
      map.off('styledata', show);
    };
  }, [map, at, accuracy]);

  return (
    <div className="patrol-pin-map">
      <div ref={element} className="patrol-canvas" />
      <svg className="patrol-pin" viewBox="0 0 40 52" aria-hidden="true">
        <path d="M20 50C20 50 3 31 3 19a17 17 0 0 1 34 0c0 12-17 31-17 31z" />
        <circle cx="20" cy="19" r="6" />
      </svg>
    </div>
  );
}
