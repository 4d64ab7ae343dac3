// The public map, on which a place can be chosen. It shows what the server gives
// to everybody, and its review number.
import { useQuery } from '@tanstack/react-query';
import { Marker } from '@vis.gl/react-maplibre';
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { asBounds, type Bounds, NOWHERE } from '../map/camera';
import { MapCanvas, useBaseStyle } from '../map/canvas';
import { exposeForSupport } from '../map/page-map';
import { ownAddress } from '../map/style';

/** The zoom at which houses are told apart. */
const CLOSE = 16;

const UNKNOWN: Town = { bounds: null, attribution: '' };

export default function PlaceMap(props: {
  place: LonLat | null;
  reviewNumber: string;
  onPick: (place: LonLat) => void;
  /** What the map is called, when it is not that of the enquiry. */
  label?: string;
  /** What is laid over the ground, and where that is. */
  over?: { on: (style: StyleSpecification) => StyleSpecification; bounds: Bounds | null };
  /** Where the map goes when this changes. */
  look?: LonLat | null;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const ground = useBaseStyle();
  const { bounds, attribution } = useTownOf(ground) ?? {};
  const { over, label = t('enquiry.map') } = props;
  const on = over?.on;
  const style = useMemo(() => (ground && on ? on(ground) : ground), [ground, on]);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  const pick = useRef(props.onPick);
  pick.current = props.onPick;
  useEffect(() => {
    if (!map) return;
    const canvas = map.getCanvas();
    canvas.setAttribute('aria-label', label);
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return;
      const { lng, lat } = map.getCenter();
      pick.current([lng, lat]);
    };
    canvas.addEventListener('keydown', onKey);
    return () => canvas.removeEventListener('keydown', onKey);
  }, [map, label]);
  const { look } = props;
  useEffect(() => {
    if (map && look) map.jumpTo({ center: look, zoom: Math.max(map.getZoom(), CLOSE) });
  }, [map, look]);
  if (!style || bounds === undefined || attribution === undefined) return <div className="enquiry-map" />;
  return (
    <section className="enquiry-map" aria-label={label}>
      <MapCanvas
        mapStyle={style}
        initialViewState={{ bounds: over?.bounds ?? bounds ?? NOWHERE, fitBoundsOptions: { padding: 24 } }}
        onLoad={(event) => {
          const loaded = event.target as unknown as MapLibreMap;
          exposeForSupport(loaded);
          setMap(loaded);
        }}
        onClick={(event) => props.onPick([event.lngLat.lng, event.lngLat.lat])}
      >
        {props.place && <Marker longitude={props.place[0]} latitude={props.place[1]} color="#b3301c" />}
        {props.children}
      </MapCanvas>
      <p className="enquiry-review figures">
        {attribution}
        {!attribution.includes(props.reviewNumber) && ` ${t('map.reviewNumber')}${props.reviewNumber}`}
      </p>
    </section>
  );
}

type Town = { bounds: Bounds | null; attribution: string };

/** useTownOf is what the TileJSON of the units says of all tiles: the box they cover and who made the map. */
function useTownOf(style: StyleSpecification | undefined): Town | undefined {
  const source = Object.entries(style?.sources ?? {}).find(([name]) => name.startsWith('grid-'))?.[1];
  const url = source?.type === 'vector' ? source.url : undefined;
  const query = useQuery({
    queryKey: ['public', 'town', url],
    enabled: style !== undefined,
    queryFn: async ({ signal }): Promise<Town> => {
      const response = url ? await fetch(ownAddress(url, location.origin), { signal }) : null;
      if (!response?.ok) return UNKNOWN;
      const said = (await response.json()) as { bounds?: number[]; attribution?: string };
      return { bounds: asBounds(said.bounds), attribution: said.attribution ?? '' };
    },
  });
  return query.isError ? UNKNOWN : query.data;
}
