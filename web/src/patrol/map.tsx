// The map in the officer's hand: the ground, the borders of the lowest units, and where
// the phone is. It follows the phone until it is moved by hand.
import type { Feature } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { length, useLanguage } from '../common/format';
import { NOWHERE } from '../map/camera';
import { maplibregl, ownRequest } from '../map/maplibre';
import { MAP_FONT } from '../theme/fonts';
import { useGround } from './ground';
import { Icon } from './icon';
import { useLook } from './look';
import { circle, type Fix, usePlace } from './place';
import { useDuty } from './shift';
import { nothing, withPlace } from './style';
import { forgetBeat, useSuggested } from './suggested';

/** The closest that following brings the map by itself. */
const NEAR = 16.5;

export default function PatrolMap() {
  const { t } = useTranslation();
  const { theme, palette } = useLook();
  const fix = usePlace((place) => place.fix);
  const lines = useDuty((duty) => duty.lines);
  const walk = useSuggested((beat) => beat.walk);
  const element = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  const [following, setFollowing] = useState(true);
  const [bearing, setBearing] = useState(0);
  const [centre, setCentre] = useState<LonLat | null>(null);
  const ground = useGround(centre);
  const style = useMemo(() => withPlace(ground.style, palette), [ground.style, palette]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the map is made once; its style follows below
  useEffect(() => {
    const container = element.current;
    if (!container) return;
    const made = new maplibregl.Map({
      container,
      style,
      bounds: NOWHERE,
      attributionControl: false,
      transformRequest: ownRequest,
      localIdeographFontFamily: MAP_FONT,
      maxPitch: 0,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 20,
    });
    made.addControl(new maplibregl.ScaleControl({ maxWidth: 90, unit: 'metric' }), 'bottom-left');
    made.on('moveend', () => setCentre(made.getCenter().toArray()));
    made.on('rotate', () => setBearing(made.getBearing()));
    // Zooming in place keeps following; a move or a turn by hand ends it.
    for (const begun of ['dragstart', 'rotatestart'] as const) {
      made.on(begun, (event) => event.originalEvent && setFollowing(false));
    }
    made.on('load', () => {
      container.dataset.ready = 'true';
      setMap(made);
    });
    (window as unknown as { wangge?: unknown }).wangge = { map: made }; // for browser tests, as on the desk
    return () => made.remove();
  }, []);

  useEffect(() => {
    map?.setStyle(style, { diff: true });
  }, [map, style]);

  useEffect(() => {
    map?.getCanvas().setAttribute('aria-label', t('patrol.map'));
  }, [map, t]);

  const { bounds } = ground;
  const placed = fix !== null;
  useEffect(() => {
    if (map && bounds && !placed) map.fitBounds(bounds, { animate: false, padding: 24 });
  }, [map, bounds, placed]);

  useEffect(() => {
    if (!map) return;
    const show = () =>
      map.getSource<GeoJSONSource>('here')?.setData(hereOf(fix, lines, (walk?.line ?? []) as LonLat[]));
    show();
    map.on('styledata', show); // a new style begins with an empty source
    return () => {
      map.off('styledata', show);
    };
  }, [map, fix, lines, walk]);

  useEffect(() => {
    if (!map || !fix || !following) return;
    map.jumpTo({ center: fix.at, zoom: Math.max(map.getZoom(), NEAR) });
  }, [map, fix, following]);

  return (
    <div className="patrol-map">
      <div ref={element} className="patrol-canvas" data-theme={theme} />
      <div className="patrol-map-buttons">
        <button type="button" aria-label={t('map.north')} onClick={() => map?.resetNorth({ animate: false })}>
          <Icon name="north" turn={-bearing} />
        </button>
        {fix && (
          <button
            type="button"
            aria-label={t('patrol.follow')}
            aria-pressed={following}
            onClick={() => setFollowing(true)}
          >
            <Icon name="here" />
          </button>
        )}
      </div>
      <Suggested />
      <p className="patrol-credit">
        {ground.credit} {t('map.reviewNumber')}
        {ground.review || t('map.reviewNumberNone')}
      </p>
    </div>
  );
}

/** hereOf is the phone, the circle within which it surely is, and the way of the shift, open at its gaps. */
function hereOf(fix: Fix | null, lines: LonLat[][], walk: LonLat[]) {
  const beat: Feature = {
    type: 'Feature',
    properties: { part: 'beat' },
    geometry: { type: 'LineString', coordinates: walk },
  };
  const before = walk.length > 1 ? [beat] : [];
  if (!fix) return { ...nothing, features: before };
  const point: Feature = {
    type: 'Feature',
    properties: {},
    geometry: { type: 'Point', coordinates: fix.at },
  };
  const around: Feature = {
    type: 'Feature',
    properties: {},
    geometry: { type: 'Polygon', coordinates: [circle(fix.at, fix.accuracy ?? 0)] },
  };
  const way: Feature = {
    type: 'Feature',
    properties: { part: 'way' },
    geometry: { type: 'MultiLineString', coordinates: lines.filter((line) => line.length > 1) },
  };
  return { ...nothing, features: [...before, way, ...(fix.accuracy ? [around] : []), point] };
}

/** Suggested says what the beat on the map is, and puts it away. */
function Suggested() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { walk, left } = useSuggested();
  if (!walk) return null;
  return (
    <div className="patrol-walk" role="status">
      <p>
        {t('patrol.duties.walk', {
          metres: length(walk.metres, language),
          minutes: Math.round(walk.minutes),
        })}
      </p>
      {left && <p>{t('patrol.duties.left')}</p>}
      <button type="button" onClick={forgetBeat}>
        {t('patrol.duties.close')}
      </button>
    </div>
  );
}
