// The public map, on which a place can be chosen. It shows what the server gives
// to everybody, and its review number.
import { useQuery } from '@tanstack/react-query';
import { Marker } from '@vis.gl/react-maplibre';
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import { asBounds, type Bounds } from '../map/camera';
import { MapCanvas, NOWHERE, useBaseStyle } from '../map/canvas';
import { ownAddress } from '../map/style';

const UNKNOWN: Town = { bounds: null, attribution: '' };

export default function PlaceMap(props: {
  place: LonLat | null;
  reviewNumber: string;
  onPick: (place: LonLat) => void;
}) {
  const { t } = useTranslation();
  const style = useBaseStyle();
  const { bounds, attribution } = useTownOf(style) ?? {};
  const [map, setMap] = useState<MapLibreMap | null>(null);
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
  if (!style || bounds === undefined || attribution === undefined) return <div className="enquiry-map" />;
  return (
    <section className="enquiry-map" aria-label={t('enquiry.map')}>
      <MapCanvas
        mapStyle={style}
        initialViewState={{ bounds: bounds ?? NOWHERE, fitBoundsOptions: { padding: 24 } }}
        onLoad={(event) => setMap(event.target as unknown as MapLibreMap)}
        onClick={(event) => props.onPick([event.lngLat.lng, event.lngLat.lat])}
      >
        {props.place && <Marker longitude={props.place[0]} latitude={props.place[1]} color="#b3301c" />}
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
