// Maps of the same place that move together: one over the other behind a divider, or
// beside it.
import { type MapRef, ScaleControl } from '@vis.gl/react-maplibre';
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Bounds } from '../map/camera';
import { MapCanvas } from '../map/canvas';
import { exposeForSupport } from '../map/page-map';
import { reportFailure } from '../map/refresh';
import { usePage } from '../view/store';

export type Maps = { current: (MapLibreMap | null)[] };

/** useShowing looks at what is asked about: a link keeps its own view at first. */
export function useShowing(maps: Maps, around: Bounds | null, loaded: boolean) {
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
export function follow(map: MapLibreMap, maps: readonly (MapLibreMap | null)[]) {
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

export function OneMap(props: {
  name: string;
  first: boolean;
  style: StyleSpecification;
  bounds: Bounds;
  /** How much is cut off from the left, in per cent. */
  clip: number | null;
  onMap: (map: MapLibreMap | null) => void;
  onMove: (map: MapLibreMap) => void;
  /** The layers in which a press finds something, the uppermost first. */
  layers: readonly string[];
  onHit: (properties: Record<string, unknown>, layer: string) => void;
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
          const layers = props.layers.filter((id) => event.target.getLayer(id));
          const [hit] = event.target.queryRenderedFeatures(event.point, { layers });
          if (hit) props.onHit(hit.properties, hit.layer.id);
        }}
      >
        {first && <ScaleControl position="bottom-left" maxWidth={110} unit="metric" />}
      </MapCanvas>
      <p className={first ? 'compare-name' : 'compare-name compare-name-right'}>{name}</p>
    </section>
  );
}
