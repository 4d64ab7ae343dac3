// The map of a plan's comments: its borders, and a pin for each comment.
import { Marker } from '@vis.gl/react-maplibre';
import type { StyleSpecification } from 'maplibre-gl';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import type { LonLat, Plan } from '../api/types';
import { asBounds, NOWHERE } from '../map/camera';
import { useGround } from '../map/ground';
import { PageMap } from '../map/page-map';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';
import { type Borders, type Pinned, useBorders } from './queries';
import { usePlanView } from './view';

const noPoint = () => {};

export default function PlanMap(props: {
  plan: Plan;
  comments: readonly Pinned[];
  /** The place that is being written about. */
  draft: LonLat | null;
  onPlace: (at: LonLat) => void;
}) {
  const { t } = useTranslation();
  const [view, setView] = usePlanView();
  const borders = useBorders(props.plan).data;
  const palette = usePalette();
  const ground = useGround();
  const style = useMemo(() => withBorders(ground, borders, palette), [ground, borders, palette]);
  const town = useStatus().data?.town;
  if (!town && !props.plan.bbox) return <div className="map" />;
  return (
    <PageMap
      label={t('plan.comment.map')}
      placing={t('plan.comment.map')}
      style={style}
      bounds={asBounds(props.plan.bbox) ?? asBounds(town?.bounds) ?? NOWHERE}
      padding={32}
      onPick={(_map, _point, at) => props.onPlace(at)}
      onPoint={noPoint}
    >
      {props.comments.map(({ id, geometry, properties }) => (
        <Marker
          key={id}
          longitude={geometry.coordinates[0]}
          latitude={geometry.coordinates[1]}
          anchor="bottom"
          style={{ zIndex: properties.id === view.comment ? 2 : 1 }}
        >
          <button
            type="button"
            className={properties.resident ? 'plan-pin plan-pin-resident' : 'plan-pin'}
            aria-pressed={properties.id === view.comment}
            aria-label={t('plan.comment.pin', { id })}
            onClick={(event) => {
              event.stopPropagation();
              setView({ comment: properties.id });
            }}
          >
            {id}
          </button>
        </Marker>
      ))}
      {props.draft && (
        <Marker longitude={props.draft[0]} latitude={props.draft[1]} color={palette.seal} anchor="bottom" />
      )}
    </PageMap>
  );
}

/** withBorders lays the units of a plan over the ground. */
export function withBorders(
  ground: StyleSpecification,
  borders: Borders | undefined,
  palette: Palette,
): StyleSpecification {
  if (!borders) return ground;
  return {
    ...ground,
    sources: { ...ground.sources, plan: { type: 'geojson', data: borders as never } },
    layers: [
      ...ground.layers,
      {
        id: 'plan-fill',
        type: 'fill',
        source: 'plan',
        paint: { 'fill-color': palette.accent, 'fill-opacity': 0.06 },
      },
      {
        id: 'plan-casing',
        type: 'line',
        source: 'plan',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.casing, 'line-width': 3.4, 'line-opacity': 0.75 },
      },
      {
        id: 'plan-line',
        type: 'line',
        source: 'plan',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.grid, 'line-width': 1.5 },
      },
      {
        id: 'plan-label',
        type: 'symbol',
        source: 'plan',
        filter: ['==', ['get', 'role'], 'part'],
        layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 8 },
        paint: { 'text-color': palette.label, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
      },
    ],
  };
}
