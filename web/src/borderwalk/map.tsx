// The map of points on borders: the draft's borders where they may be seen, the way from
// one point to the next, and a pin for each.
import { Marker } from '@vis.gl/react-maplibre';
import type { StyleSpecification } from 'maplibre-gl';
import { useMemo } from 'react';
import { useStatus } from '../api/queries';
import type { LonLat } from '../api/types';
import { asBounds, type Bounds, boundsOf } from '../map/camera';
import { useGround } from '../map/ground';
import { PageMap } from '../map/page-map';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';
import type { PointState } from './queries';

export type Pin = {
  key: string;
  at: LonLat;
  /** What stands on it, and what it is called. */
  text: string;
  name: string;
  /** open, by its answer, or only offered. */
  state: PointState | 'offered';
  chosen: boolean;
};

const noPoint = () => {};

export default function BorderMap(props: {
  label: string;
  /** What a press on the map does, when it does something. */
  placing: string | null;
  borders?: { features: readonly { geometry: unknown; properties: { name: string; role: string } }[] };
  pins: readonly Pin[];
  /** The way from point to point. */
  way?: readonly LonLat[];
  /** From where to where borders were found to run. */
  moves?: readonly [LonLat, LonLat][];
  /** A place that is being pointed out. */
  place?: LonLat | null;
  bounds?: Bounds | null;
  onPin: (key: string) => void;
  onPick: (at: LonLat) => void;
}) {
  const palette = usePalette();
  const ground = useGround();
  const { borders, way, moves } = props;
  const style = useMemo(
    () => withWays(withBorders(ground, borders, palette), way ?? [], moves ?? [], palette),
    [ground, borders, way, moves, palette],
  );
  const town = asBounds(useStatus().data?.town?.bounds);
  const bounds = props.bounds ?? boundsOf(props.pins.map(({ at }) => at)) ?? town;
  if (!bounds) return <div className="map" />;
  return (
    <PageMap
      label={props.label}
      placing={props.placing}
      style={style}
      bounds={bounds}
      padding={{ top: 48, bottom: 48, left: 48, right: 96 }}
      onPick={(_map, _point, at) => props.onPick(at)}
      onPoint={noPoint}
    >
      {props.pins.map((pin) => (
        <Marker
          key={pin.key}
          longitude={pin.at[0]}
          latitude={pin.at[1]}
          style={{ zIndex: pin.chosen ? 3 : pin.state === 'offered' ? 1 : 2 }}
        >
          <button
            type="button"
            className={`border-pin border-pin-${pin.state}`}
            aria-pressed={pin.chosen}
            aria-label={pin.name}
            onClick={(event) => {
              event.stopPropagation();
              props.onPin(pin.key);
            }}
          >
            {pin.text}
          </button>
        </Marker>
      ))}
      {props.place && (
        <Marker
          longitude={props.place[0]}
          latitude={props.place[1]}
          color={palette.seal}
          anchor="bottom"
          style={{ zIndex: 4 }}
        />
      )}
    </PageMap>
  );
}

/** withBorders lays the units of a draft over the ground. */
function withBorders(
  ground: StyleSpecification,
  borders: { features: readonly unknown[] } | undefined,
  palette: Palette,
): StyleSpecification {
  if (!borders) return ground;
  return {
    ...ground,
    sources: { ...ground.sources, draft: { type: 'geojson', data: borders as never } },
    layers: [
      ...ground.layers,
      {
        id: 'border-casing',
        type: 'line',
        source: 'draft',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.casing, 'line-width': 4, 'line-opacity': 0.75 },
      },
      {
        id: 'border-line',
        type: 'line',
        source: 'draft',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.grid, 'line-width': 1.8 },
      },
      {
        id: 'border-label',
        type: 'symbol',
        source: 'draft',
        filter: ['==', ['get', 'role'], 'part'],
        layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 8 },
        paint: { 'text-color': palette.label, 'text-halo-color': palette.casing, 'text-halo-width': 1.6 },
      },
    ],
  };
}

const lines = (list: readonly (readonly LonLat[])[]) => ({
  type: 'geojson' as const,
  data: {
    type: 'Feature' as const,
    properties: {},
    geometry: {
      type: 'MultiLineString' as const,
      coordinates: list.map((line) => line.map((at) => [...at])),
    },
  },
});

/** withWays draws the way of a walk, and where borders were found to run. */
function withWays(
  style: StyleSpecification,
  way: readonly LonLat[],
  moves: readonly (readonly [LonLat, LonLat])[],
  palette: Palette,
): StyleSpecification {
  return {
    ...style,
    sources: { ...style.sources, way: lines(way.length > 1 ? [way] : []), moves: lines(moves) },
    layers: [
      ...style.layers,
      {
        id: 'border-way',
        type: 'line',
        source: 'way',
        paint: { 'line-color': palette.accent, 'line-width': 2.5, 'line-dasharray': [2, 2] },
      },
      {
        id: 'border-moves',
        type: 'line',
        source: 'moves',
        paint: { 'line-color': palette.seal, 'line-width': 3 },
      },
    ],
  };
}
