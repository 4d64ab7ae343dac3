// The maps of a comparison: two that move together, one over the other behind a
// divider or beside it, or one with the land that changes hands.
import { type MapRef, ScaleControl } from '@vis.gl/react-maplibre';
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import { asBounds, type Bounds, boundsOf } from '../map/camera';
import { MapCanvas, useBaseStyle } from '../map/canvas';
import { MapControls } from '../map/controls';
import { exposeForSupport } from '../map/page-map';
import { reportFailure } from '../map/refresh';
import { composeStyle } from '../map/style';
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { Divider } from './divider';
import { useAsked, useComparison, useDifference, useUnitsOf } from './queries';
import { withDifference, withUnits } from './style';
import { useCompareView } from './view';

export default function CompareMap() {
  const { t } = useTranslation();
  const [view, setView] = useCompareView();
  const asked = useAsked();
  const whole = useComparison(asked).data;
  const before = useUnitsOf(asked, 'before').data;
  const after = useUnitsOf(asked, 'after').data;
  const difference = useDifference(asked, view.mode === 'difference').data;
  const ground = useGround();
  const { theme } = useTheme();
  const palette = usePalette();
  const choice = useMemo(() => ({ theme, palette, change: view.change }), [theme, palette, view.change]);
  const kinds = useMemo(() => whole?.changes.map(({ kind }) => kind) ?? [], [whole]);
  const styles = useMemo(
    () =>
      view.mode === 'difference'
        ? [withDifference(ground, after, difference, kinds, choice)]
        : [withUnits(ground, before, choice), withUnits(ground, after, choice)],
    [view.mode, ground, before, after, difference, kinds, choice],
  );
  const maps = useRef<(MapLibreMap | null)[]>([null, null]);
  const town = asBounds(useStatus().data?.town?.bounds);
  const around = useAround(asked ? (after ?? before) : undefined, view.change);
  const [loaded, setLoaded] = useState(false);
  useShowing(maps, around, loaded);
  if (!town) return <div className="map" />;
  const names = [t('compare.before'), t('compare.after')];
  const swiped = view.mode === 'swipe';
  return (
    <div className={`compare-maps compare-${view.mode}`}>
      {styles.map((style, index) => (
        <OneMap
          // biome-ignore lint/suspicious/noArrayIndexKey: the first map stays the first
          key={index}
          name={
            styles.length === 1 ? t('compare.mode.difference') : `${names[index]}: ${aboutOf(whole, index)}`
          }
          first={index === 0}
          style={style}
          bounds={around ?? town}
          clip={swiped && index === 1 ? view.divider : null}
          onMap={(map) => {
            maps.current[index] = map;
            if (index === 0) setLoaded(map !== null);
          }}
          onMove={(map) => follow(map, maps.current)}
          onChange={(change) => setView({ change: change === view.change ? null : change })}
        />
      ))}
      <MapControls />
      {swiped && <Divider at={view.divider} onMove={(divider) => setView({ divider })} />}
    </div>
  );
}

/** aboutOf names a side in a few words. */
function aboutOf(
  whole: { before: { name: string; on: string }; after: { name: string; on: string } } | undefined,
  index: number,
) {
  const about = index === 0 ? whole?.before : whole?.after;
  return about?.name || about?.on || '';
}

/** useGround is the map without units. */
function useGround(): StyleSpecification {
  const { theme } = useTheme();
  const palette = usePalette();
  const base = useBaseStyle();
  return useMemo(
    () =>
      composeStyle(base ?? null, {
        origin: location.origin,
        theme,
        palette,
        levels: [],
        level: null,
        layers: ['background'],
        cells: 'households',
        at: null,
        unit: null,
        place: null,
        item: null,
        draft: null,
        fault: null,
      }),
    [base, theme, palette],
  );
}

type Drawn = {
  features: readonly { geometry: { coordinates?: unknown } | null; properties: { change: number } }[];
};

/** useAround is the box around the chosen change, or around all units. */
function useAround(units: Drawn | undefined, change: number | null): Bounds | null {
  return useMemo(() => {
    if (!units) return null;
    const some = units.features.filter((one) => change !== null && one.properties.change === change);
    return boundsOf((some.length > 0 ? some : units.features).map((one) => one.geometry?.coordinates));
  }, [units, change]);
}

/** useShowing looks at what is asked about: a link keeps its own view at first. */
function useShowing(maps: { current: (MapLibreMap | null)[] }, around: Bounds | null, loaded: boolean) {
  const shown = useRef<string | null>(location.hash.includes('map=') ? '' : null);
  const key = around?.join() ?? null;
  useEffect(() => {
    if (!loaded || key === null || shown.current === key) return;
    const linked = shown.current === '';
    shown.current = key;
    if (linked) return;
    const [west = 0, south = 0, east = 0, north = 0] = key.split(',').map(Number);
    maps.current[0]?.fitBounds([west, south, east, north], { padding: 48, maxZoom: 18, animate: false });
  }, [key, maps, loaded]);
}

/** follow moves the other map to where one is. */
function follow(map: MapLibreMap, maps: readonly (MapLibreMap | null)[]) {
  const other = maps.find((one) => one && one !== map);
  if (!other) return;
  const [here, there] = [map.getCenter(), other.getCenter()];
  if (
    here.lng === there.lng &&
    here.lat === there.lat &&
    map.getZoom() === other.getZoom() &&
    map.getBearing() === other.getBearing()
  )
    return;
  other.jumpTo({ center: here, zoom: map.getZoom(), bearing: map.getBearing() });
}

function OneMap(props: {
  name: string;
  first: boolean;
  style: StyleSpecification;
  bounds: Bounds;
  /** How much is cut off from the left, in per cent. */
  clip: number | null;
  onMap: (map: MapLibreMap | null) => void;
  onMove: (map: MapLibreMap) => void;
  onChange: (change: number) => void;
}) {
  const { t } = useTranslation();
  const ref = useRef<MapRef>(null);
  const [ready, setReady] = useState(false);
  const { first, name, onMap } = props;
  const told = useRef(onMap);
  told.current = onMap;
  useEffect(
    () => () => {
      told.current(null);
      if (first) usePage.setState({ map: null });
    },
    [first],
  );
  useEffect(() => {
    if (ready) ref.current?.getCanvas().setAttribute('aria-label', `${name}. ${t('compare.keys')}`);
  }, [name, ready, t]);
  return (
    <section
      className="map"
      aria-label={name}
      data-ready={ready}
      style={props.clip === null ? undefined : { clipPath: `inset(0 0 0 ${props.clip}%)` }}
    >
      <MapCanvas
        ref={ref}
        mapStyle={props.style}
        initialViewState={{ bounds: props.bounds, fitBoundsOptions: { padding: 48, maxZoom: 18 } }}
        hash={first ? 'map' : false}
        maxZoom={21}
        onLoad={(event) => {
          const map = event.target as unknown as MapLibreMap;
          map.keyboard.enable();
          props.onMap(map);
          if (first) {
            usePage.setState({ map });
            exposeForSupport(map);
          } else {
            const leader = usePage.getState().map;
            if (leader) follow(leader, [leader, map]);
          }
          setReady(true);
        }}
        onMove={(event) => props.onMove(event.target as unknown as MapLibreMap)}
        onError={(event) => reportFailure(event as never)}
        onClick={(event) => {
          const layers = ['difference-fill', 'units-fill'].filter((id) => event.target.getLayer(id));
          const [hit] = event.target.queryRenderedFeatures(event.point, { layers });
          const change = Number(hit?.properties.change);
          if (change > 0) props.onChange(change);
        }}
      >
        {first && <ScaleControl position="bottom-left" maxWidth={110} unit="metric" />}
      </MapCanvas>
      <p className={first ? 'compare-name' : 'compare-name compare-name-right'}>{name}</p>
    </section>
  );
}
