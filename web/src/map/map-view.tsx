// The map. What it shows is composed in style.ts; here it meets the pointer, the
// keyboard and the rest of the page.
import 'maplibre-gl/dist/maplibre-gl.css';
import { useQuery } from '@tanstack/react-query';
import { Map as MapBox, type MapRef, ScaleControl } from '@vis.gl/react-maplibre';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../api/client';
import {
  useHousehold,
  useIncident,
  useLevels,
  usePlace,
  usePlan,
  useServicePoint,
  useStatus,
} from '../api/queries';
import type { LonLat } from '../api/types';
import { usePlacing } from '../card/placing';
import { MAP_FONT, usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { type Item, nothingSelected, useView } from '../view/url';
import { asBounds, type Bounds } from './camera';
import { MapControls } from './controls';
import { useChosenLevel } from './level';
import { reportFailure, useTileRefresh } from './refresh';
import { composeStyle, ownAddress } from './style';

maplibregl.setWorkerUrl(workerUrl);

/** All of China, for a server that has no town yet. */
const NOWHERE: Bounds = [88, 20, 122, 46];
/** How far from the pointer, in pixels, a dot may be and still be meant. */
const REACH = 6;

export default function MapView() {
  const { t, i18n } = useTranslation();
  const [view, setView] = useView();
  const { theme } = useTheme();
  const palette = usePalette();
  const status = useStatus().data;
  const levels = useLevels(view.at).data;
  const level = useChosenLevel();
  const placing = usePage((page) => page.placing);
  const fault = usePage((page) => page.fault);
  const place = usePlacing();
  const plan = usePlan(view.plan).data;
  const base = useBaseStyle(theme, i18n.language);
  const highlighted = useHighlightedUnit();
  const itemPoint = useItemPoint(view.item);
  const ref = useRef<MapRef>(null);
  const [ready, setReady] = useState(false);
  useTileRefresh(status?.layers);

  const style = useMemo(
    () =>
      composeStyle(base ?? null, {
        origin: location.origin,
        theme,
        palette,
        levels: levels ?? [],
        level,
        layers: view.layers,
        cells: view.cells,
        at: view.at,
        unit: highlighted,
        place: view.place,
        item: itemPoint,
        draft: plan?.state === 'draft' ? { id: plan.id, revision: plan.revision } : null,
        fault,
      }),
    [
      base,
      theme,
      palette,
      levels,
      level,
      view.layers,
      view.cells,
      view.at,
      highlighted,
      view.place,
      itemPoint,
      plan,
      fault,
    ],
  );

  const label = placing ? t('map.labelPlacing') : t('map.label');
  useEffect(() => {
    if (ready) ref.current?.getCanvas().setAttribute('aria-label', label);
  }, [label, ready]);
  useEffect(() => () => usePage.setState({ map: null }), []);

  function pick(point: { x: number; y: number }, at: LonLat) {
    const map = ref.current?.getMap();
    if (!map) return;
    if (placing) {
      place(at);
      return;
    }
    const found = map.queryRenderedFeatures(
      [
        [point.x - REACH, point.y - REACH],
        [point.x + REACH, point.y + REACH],
      ],
      { layers: PICKED.filter((id) => map.getLayer(id)) },
    )[0];
    const id = found?.properties.id ?? found?.id;
    if (found && FAULTS.has(found.layer.id)) {
      usePage.setState({ fault: String(id) });
    } else if (found && id !== undefined) {
      setView({ ...nothingSelected, item: { kind: found.layer.id as Item['kind'], id: String(id) } });
    } else {
      setView({ ...nothingSelected, place: [round(at[0]), round(at[1])] });
    }
  }

  const hover = useHover(level);
  return (
    <section className={`map${placing ? ' map-placing' : ''}`} aria-label={t('map.label')}>
      <MapBox
        ref={ref}
        mapLib={maplibregl}
        mapStyle={style as never}
        initialViewState={{
          bounds: asBounds(status?.town?.bounds) ?? NOWHERE,
          fitBoundsOptions: { padding: initialPadding() },
        }}
        hash="map"
        attributionControl={false}
        transformRequest={(url) => ({
          url: /^(data|blob):/.test(url) ? url : ownAddress(url, location.origin),
        })}
        localIdeographFontFamily={MAP_FONT}
        maxPitch={0}
        touchPitch={false}
        maxZoom={21}
        fadeDuration={matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200}
        cursor={placing ? 'crosshair' : undefined}
        onLoad={(event) => {
          const map = event.target as unknown as maplibregl.Map;
          map.keyboard.enable();
          usePage.setState({ map });
          exposeForSupport(map);
          setReady(true);
        }}
        onError={(event) => reportFailure(event as never)}
        onClick={(event) => pick(event.point, [event.lngLat.lng, event.lngLat.lat])}
        onMouseMove={(event) => {
          usePage.setState({ pointer: [event.lngLat.lng, event.lngLat.lat] });
          hover.move(event.target as unknown as maplibregl.Map, event.point);
        }}
        onMouseOut={(event) => {
          usePage.setState({ pointer: null });
          hover.move(event.target as unknown as maplibregl.Map, null);
        }}
      >
        <ScaleControl position="bottom-left" maxWidth={110} unit="metric" />
      </MapBox>
      <PickAtCentre
        onPick={() => {
          const map = ref.current?.getMap();
          if (!map) return;
          const centre = map.getCenter();
          pick(map.project(centre), [centre.lng, centre.lat]);
        }}
      />
      {ready && <MapControls />}
    </section>
  );
}

const FAULTS = new Set(['fault-point', 'fault-fill', 'fault-line']);
const PICKED = [...FAULTS, 'service-point', 'incident', 'household'];

/** round keeps what the lattice of 1e-7 degrees can hold. */
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;

function initialPadding() {
  return matchMedia('(max-width: 767px)').matches
    ? { top: 80, bottom: 90, left: 16, right: 16 }
    : { top: 40, bottom: 50, left: 400, right: 80 };
}

/**
 * The map under a name that browser tests and people who help others can reach;
 * it gives no access that the page does not have.
 */
export function exposeForSupport(map: maplibregl.Map) {
  (window as unknown as { wangge?: unknown }).wangge = { map };
}

export function useBaseStyle(theme: string, language: string) {
  const lang = language === 'en' ? 'en' : 'zh';
  return useQuery({
    queryKey: ['style', theme, lang],
    queryFn: async ({ signal }) => {
      const response = await fetch(`/style.json?theme=${theme}&lang=${lang}`, { signal });
      if (!response.ok) throw problemOf(response.status, null);
      return (await response.json()) as maplibregl.StyleSpecification;
    },
    staleTime: 300_000,
  }).data;
}

/** The unit drawn as selected: the one chosen, or that of the chosen place at the level in view. */
function useHighlightedUnit(): string | null {
  const [view] = useView();
  const place = usePlace(view.unit ? null : view.place, view.at).data;
  const level = useChosenLevel();
  if (view.unit) return view.unit;
  if (!view.place || !place) return null;
  return place.ancestors.find((unit) => unit.level === level)?.code ?? place.unit?.code ?? null;
}

function useItemPoint(item: Item | null): LonLat | null {
  const household = useHousehold(item?.kind === 'household' ? Number(item.id) : null).data;
  const incident = useIncident(item?.kind === 'incident' ? item.id : null).data;
  const point = useServicePoint(item?.kind === 'service-point' ? Number(item.id) : null).data;
  const found = (household ?? incident ?? point)?.point;
  const [lon, lat] = found ?? [];
  return useMemo(() => (lon === undefined || lat === undefined ? null : [lon, lat]), [lon, lat]);
}

/** useHover tints the unit under the pointer. */
function useHover(level: string | null) {
  const last = useRef<{ source: string; id: string } | null>(null);
  return {
    move(map: maplibregl.Map, point: { x: number; y: number } | null) {
      const found =
        point && map.getLayer('unit-fill')
          ? map.queryRenderedFeatures([point.x, point.y], { layers: ['unit-fill'] })[0]
          : undefined;
      const source = `grid-${level}`;
      const id = found?.id === undefined ? null : String(found.id);
      if (last.current?.id === id && last.current?.source === source) return;
      if (last.current && map.getSource(last.current.source)) {
        map.setFeatureState({ ...last.current, sourceLayer: last.current.source }, { hover: false });
      }
      last.current = id === null ? null : { source, id };
      if (id !== null && map.getSource(source)) {
        map.setFeatureState({ source, sourceLayer: source, id }, { hover: true });
      }
    },
  };
}

/** For the keyboard: with the map focused, Enter picks what is at its centre. */
export function PickAtCentre({ onPick }: { onPick: () => void }) {
  const map = usePage((page) => page.map);
  const [focused, setFocused] = useState(false);
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    const canvas = map?.getCanvas();
    if (!canvas) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter') pick.current();
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
