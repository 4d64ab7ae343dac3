// A map of units for the administration: tinted by a figure, some areas marked,
// one unit chosen by a click. The style is the map's own, with two layers more.
import { useQueries } from '@tanstack/react-query';
import type { MapRef } from '@vis.gl/react-maplibre';
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answer, api } from '../api/client';
import { useLevels, useStatus } from '../api/queries';
import type { UnitDetail } from '../api/types';
import { asBounds, type Bounds, boundsOf } from '../map/camera';
import { MapCanvas, useBaseStyle } from '../map/canvas';
import { chooseLevel } from '../map/level';
import { exposeForSupport } from '../map/page-map';
import { composeStyle } from '../map/style';
import type { Palette } from '../theme/palette';
import { usePalette, useTheme } from '../theme/theme';

export type Tint = { units: string[]; colour: string };

type Choice = {
  level?: string | null;
  /** Units in a colour; the others stay plain. */
  tints?: readonly Tint[];
  /** Units whose whole area is marked; null marks everything. */
  areas?: readonly string[] | null;
  /** What else is drawn. */
  overlay?: (style: Style) => Style;
  /** What else can be pressed: features of these layers come before units. */
  pick?: { layers: readonly string[]; onPick: (properties: Record<string, unknown>) => void };
  /** What is shown at first; the town when absent. */
  around?: Bounds | null;
  chosen: string | null;
  onChoose: (unit: string) => void;
  label: string;
};

export type Style = StyleSpecification;

const NOTHING: readonly never[] = [];

export default function UnitMap(props: Choice) {
  const { theme } = useTheme();
  const palette = usePalette();
  const base = useBaseStyle();
  const levels = useLevels().data;
  const town = useStatus().data?.town;
  const ref = useRef<MapRef>(null);
  const [ready, setReady] = useState(false);
  const level = chooseLevel(levels ?? [], props.level ?? null);
  const { tints = NOTHING, areas = NOTHING, overlay, chosen } = props;
  const style = useMemo(() => {
    const plain = composeStyle(base ?? null, {
      origin: location.origin,
      theme,
      palette,
      levels: levels ?? [],
      level,
      layers: ['background'],
      cells: 'households',
      at: null,
      unit: chosen,
      place: null,
      item: null,
      draft: null,
      fault: null,
    });
    const whole = marked(tinted(plain, tints), areas, palette);
    return overlay ? overlay(whole) : whole;
  }, [base, theme, palette, levels, level, tints, areas, overlay, chosen]);
  const bounds = props.around ?? asBounds(town?.bounds);
  const around = useBoundsOf(areas ?? NOTHING)?.join();
  useEffect(() => {
    const [west, south, east, north] = around?.split(',').map(Number) ?? [];
    if (!ready || west === undefined || south === undefined || east === undefined || north === undefined)
      return;
    const map = ref.current?.getMap();
    map?.fitBounds([west, south, east, north], { padding: 60, maxZoom: 15, animate: false });
  }, [ready, around]);
  if (!bounds || !base) return <div className="admin-map" />;
  return (
    <section className="admin-map" aria-label={props.label} data-ready={ready}>
      <MapCanvas
        ref={ref}
        mapStyle={style}
        initialViewState={{ bounds, fitBoundsOptions: { padding: 24, maxZoom: 16 } }}
        onLoad={(event) => {
          event.target.getCanvas().setAttribute('aria-label', props.label);
          exposeForSupport(event.target as never);
          setReady(true);
        }}
        onClick={(event) => {
          const pressed = (layers: readonly string[]) => {
            const there = layers.filter((id) => event.target.getLayer(id));
            return event.target.queryRenderedFeatures(event.point, { layers: there })[0];
          };
          const thing = props.pick && pressed(props.pick.layers);
          if (thing) {
            if (thing.properties.cluster) {
              const at = { center: event.lngLat, zoom: event.target.getZoom() + 2 };
              event.target.jumpTo(at);
            } else props.pick?.onPick(thing.properties);
            return;
          }
          const hit = pressed(['unit-fill']);
          const unit = hit?.properties.id ?? hit?.id;
          if (unit !== undefined) props.onChoose(String(unit));
        }}
      />
    </section>
  );
}

/** useBoundsOf is the box around units; null while they are not known, or when there are none. */
function useBoundsOf(codes: readonly string[]): Bounds | null {
  return useQueries({
    queries: codes.map((code) => ({
      queryKey: ['unit', code, ''],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        answer<UnitDetail>(api.GET('/units/{code}', { signal, params: { path: { code } } })),
    })),
    combine: (results) =>
      boundsOf(
        results.flatMap(({ data }) => {
          const box = asBounds(data?.bbox);
          return box ? [box.slice(0, 2), box.slice(2)] : [];
        }),
      ),
  });
}

/** tinted colours the units of a style by what is said of them. */
export function tinted(style: Style, tints: readonly Tint[]): Style {
  const used = tints.filter((tint) => tint.units.length > 0);
  if (used.length === 0) return style;
  const colour = [
    'match',
    ['to-string', ['get', 'id']],
    ...used.flatMap((tint) => [tint.units, tint.colour]),
    'rgba(0,0,0,0)',
  ] as unknown as ExpressionSpecification;
  return {
    ...style,
    layers: style.layers.map((layer) =>
      layer.id === 'unit-fill' && layer.type === 'fill'
        ? { ...layer, paint: { 'fill-color': colour, 'fill-opacity': 0.72 } }
        : layer,
    ),
  };
}

/** marked shades areas: units with all that lies in them. */
export function marked(style: Style, areas: readonly string[] | null, palette: Palette): Style {
  if (areas === null) return wash(style, palette);
  if (areas.length === 0) return style;
  const sources = Object.fromEntries(
    areas.map((code) => [
      `area-${code}`,
      {
        type: 'geojson' as const,
        data: `${location.origin}/api/v1/units/${encodeURIComponent(code)}/boundary`,
      },
    ]),
  );
  const layers = areas.flatMap((code): LayerSpecification[] => [
    {
      id: `area-fill-${code}`,
      type: 'fill',
      source: `area-${code}`,
      paint: { 'fill-color': palette.accent, 'fill-opacity': 0.28 },
    },
    {
      id: `area-line-${code}`,
      type: 'line',
      source: `area-${code}`,
      paint: { 'line-color': palette.accent, 'line-width': 2.5 },
    },
  ]);
  return { ...style, sources: { ...style.sources, ...sources }, layers: [...style.layers, ...layers] };
}

/** wash shades everything. */
function wash(style: Style, palette: Palette): Style {
  return {
    ...style,
    layers: style.layers.map((layer) =>
      layer.id === 'unit-fill' && layer.type === 'fill'
        ? { ...layer, paint: { 'fill-color': palette.accent, 'fill-opacity': 0.28 } }
        : layer,
    ),
  };
}
