// The map in the officer's hand: the ground, the borders of the lowest units, and where
// the phone is. It follows the phone until it is moved by hand.
import type { Feature } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { away, useLanguage } from '../common/format';
import { NOWHERE } from '../map/camera';
import { maplibregl, ownRequest } from '../map/maplibre';
import { MAP_FONT } from '../theme/fonts';
import { useCategories } from './categories';
import { useDuties } from './duties';
import { useGround } from './ground';
import { Icon } from './icon';
import { useLook } from './look';
import { circle, type Fix, usePlace } from './place';
import { useDuty } from './shift';
import { nothing, withPlace } from './style';
import { forgetBeat, useSuggested } from './suggested';
import { asFeatures, KINDS, type Signs, SOURCES, type Todo, todoOf, withTodo } from './todo';

/** The closest that following brings the map by itself. */
const NEAR = 16.5;

/** How far from a sign a press may be, in pixels. */
const REACH = 18;

/** PatrolMap carries the notices that are given to it above its lower edge. */
export default function PatrolMap(props: { toDuties: () => void; children: ReactNode }) {
  const { toDuties, children } = props;
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
  const style = useMemo(() => withPlace(withTodo(ground.style, palette), palette), [ground.style, palette]);
  const duties = useDuties((state) => state.duties);
  const done = useDuties((state) => state.done);
  const todo = useMemo(() => (duties ? todoOf(duties.value, done, Date.now()) : []), [duties, done]);
  const [picked, setPicked] = useState<Todo[]>([]);

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
    if (!map) return;
    const signs = Object.fromEntries(KINDS.map((kind) => [kind, t(`patrol.duties.sign.${kind}`)])) as Signs;
    const show = () => {
      for (const source of SOURCES)
        map.getSource<GeoJSONSource>(source)?.setData(asFeatures(todo, signs, source));
    };
    const pick = async ({ point: { x, y } }: { point: { x: number; y: number } }) => {
      const box: [[number, number], [number, number]] = [
        [x - REACH, y - REACH],
        [x + REACH, y + REACH],
      ];
      const found = map.queryRenderedFeatures(box, { layers: [...SOURCES] });
      const pressed = await Promise.all(
        found.map((one) =>
          one.properties.cluster
            ? map
                .getSource<GeoJSONSource>('todo')
                ?.getClusterLeaves(one.properties.cluster_id, todo.length, 0)
            : one,
        ),
      );
      const which = new Set(pressed.flat().map((one) => Number(one?.properties?.n)));
      // The list begins with what is late.
      const list = todo.filter((_, n) => which.has(n)).sort((a, b) => Number(b.late) - Number(a.late));
      if (!gone) setPicked(list);
    };
    let gone = false;
    setPicked([]);
    show();
    map.on('styledata', show);
    map.on('click', pick);
    return () => {
      gone = true;
      map.off('styledata', show);
      map.off('click', pick);
    };
  }, [map, todo, t]);

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
      <div className="patrol-cards">
        {picked.length > 0 ? (
          <Picked list={picked} toDuties={toDuties} close={() => setPicked([])} />
        ) : (
          <>
            <Suggested />
            {children}
          </>
        )}
      </div>
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

/** Picked is the card of the signs that were pressed. */
function Picked(props: { list: Todo[]; toDuties: () => void; close: () => void }) {
  const { t } = useTranslation();
  const { list, toDuties, close } = props;
  const titleOf = useCategories();
  const most = 4;
  return (
    <div className="patrol-walk" role="status">
      <ul className="patrol-picked">
        {list.slice(0, most).map((one) => (
          <li key={`${one.kind} ${one.name} ${one.at}`}>
            <strong>
              {one.kind === 'incident' || one.kind === 'around'
                ? titleOf(one.category)
                : t(`patrol.duties.one.${one.kind}`)}
            </strong>{' '}
            {one.name}
            {one.late && ' '}
            {one.late && <span className="patrol-late">{t('patrol.duties.isLate')}</span>}
            {one.kind === 'around' && <span className="soft"> {t('patrol.duties.one.around')}</span>}
          </li>
        ))}
      </ul>
      {list.length > most && (
        <p className="soft">{t('patrol.duties.andMore', { count: list.length - most })}</p>
      )}
      <div className="patrol-row">
        {list.some(({ kind }) => kind !== 'around') && (
          <button type="button" onClick={toDuties}>
            {t('patrol.duties.open')}
          </button>
        )}
        <button type="button" onClick={close}>
          {t('patrol.duties.close')}
        </button>
      </div>
    </div>
  );
}

/** Suggested says what the beat on the map is, and puts it away. */
function Suggested() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { walk, left, anew } = useSuggested();
  if (!walk) return null;
  return (
    <div className="patrol-walk" role="status">
      <p>
        {t('patrol.duties.walk', {
          metres: away(walk.metres, language),
          minutes: Math.round(walk.minutes),
        })}
      </p>
      {left && <p>{t('patrol.duties.left')}</p>}
      {anew && !left && <p>{t('patrol.duties.anew')}</p>}
      <button type="button" onClick={forgetBeat}>
        {t('patrol.duties.close')}
      </button>
    </div>
  );
}
