// The public map, on which a place can be chosen. It shows what the server gives
// to everybody, and its review number.
import 'maplibre-gl/dist/maplibre-gl.css';
import { useQuery } from '@tanstack/react-query';
import { Map as MapBox, Marker } from '@vis.gl/react-maplibre';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { asBounds } from '../map/camera';
import { useBaseStyle } from '../map/map-view';
import { ownAddress } from '../map/style';
import { MAP_FONT, useTheme } from '../theme/theme';

maplibregl.setWorkerUrl(workerUrl);

/** All of China, until the tiles say where the town is. */
const NOWHERE: [number, number, number, number] = [88, 20, 122, 46];

export default function PlaceMap(props: {
  place: LonLat | null;
  reviewNumber: string;
  onPick: (place: LonLat) => void;
}) {
  const { t, i18n } = useTranslation();
  const { theme } = useTheme();
  const style = useBaseStyle(theme, i18n.language);
  const bounds = useBoundsOf(style);
  const [map, setMap] = useState<maplibregl.Map | null>(null);
  const pick = useRef(props.onPick);
  pick.current = props.onPick;
  useEffect(() => {
    if (!map) return;
    const canvas = map.getCanvas();
    canvas.setAttribute('aria-label', t('enquiry.map'));
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return;
      const { lng, lat } = map.getCenter();
      pick.current([lng, lat]);
    };
    canvas.addEventListener('keydown', onKey);
    return () => canvas.removeEventListener('keydown', onKey);
  }, [map, t]);
  if (!style || bounds === undefined) return <div className="enquiry-map" />;
  return (
    <section className="enquiry-map" aria-label={t('enquiry.map')}>
      <MapBox
        mapLib={maplibregl}
        mapStyle={style as never}
        initialViewState={{ bounds: bounds ?? NOWHERE, fitBoundsOptions: { padding: 24 } }}
        attributionControl={false}
        transformRequest={(url) => ({
          url: /^(data|blob):/.test(url) ? url : ownAddress(url, location.origin),
        })}
        localIdeographFontFamily={MAP_FONT}
        maxPitch={0}
        touchPitch={false}
        fadeDuration={0}
        onLoad={(event) => setMap(event.target as unknown as maplibregl.Map)}
        onClick={(event) => props.onPick([event.lngLat.lng, event.lngLat.lat])}
      >
        {props.place && <Marker longitude={props.place[0]} latitude={props.place[1]} color="#b3301c" />}
      </MapBox>
      <p className="enquiry-review figures">
        {t('map.reviewNumber')}
        {props.reviewNumber}
      </p>
    </section>
  );
}

/** useBoundsOf is the box that the first source of a style covers, by its TileJSON; null when none says so. */
function useBoundsOf(style: maplibregl.StyleSpecification | undefined) {
  const source = Object.entries(style?.sources ?? {}).find(([name]) => name.startsWith('grid-'))?.[1];
  const url = source?.type === 'vector' ? source.url : undefined;
  const query = useQuery({
    queryKey: ['public', 'bounds', url],
    enabled: style !== undefined,
    queryFn: async ({ signal }) => {
      if (!url) return null;
      const response = await fetch(ownAddress(url, location.origin), { signal });
      if (!response.ok) return null;
      return asBounds(((await response.json()) as { bounds?: number[] }).bounds);
    },
  });
  return query.isError ? null : query.data;
}
