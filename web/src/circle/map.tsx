// The map of the circle. The ground, the borders and the controls are those of the
// map of the whole page; style.ts lays the results over them.
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useLevels, usePlan, useStatus } from '../api/queries';
import type { LonLat } from '../api/types';
import { asBounds, isPhone } from '../map/camera';
import { useBaseStyle } from '../map/canvas';
import { PageMap, type Pixel } from '../map/page-map';
import { composeStyle } from '../map/style';
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';
import { pointAt, useExtras, useLinked } from './linked';
import { countsHouseholds, usePlanUnits, usePoints } from './queries';
import { useShown } from './shown';
import { useSiting } from './siting/queries';
import { withCircle } from './style';
import { useLocale } from './words';

/** How far from the pointer, in pixels, a dot may be and still be meant. */
const NEAR = 6;
const UNITS = ['plan-fill', 'coverage-fill', 'unit-fill'];
const NOTHING: readonly never[] = [];
const NO_UNITS: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

export default function CircleMap() {
  const { t } = useTranslation();
  const status = useStatus().data;
  const style = useStyle();
  const [, setView] = useView();
  const label = t('circle.map.label');
  const awaited = useExtras((extras) => extras.awaited);
  useHighlight();

  function pick(map: MapLibreMap, point: Pixel, at: LonLat) {
    const features = map.queryRenderedFeatures([
      [point.x - NEAR, point.y - NEAR],
      [point.x + NEAR, point.y + NEAR],
    ]);
    if (useExtras.getState().pick?.(at, features)) return;
    // A point lies above the households, and its layer is named as what it shows, as theirs is.
    for (const kind of ['service-point', 'household'] as const) {
      const dot = features.find((feature) => feature.layer.id === kind);
      const id = Number(dot?.properties.id);
      if (dot && id > 0) return setView({ item: { kind, id: String(id) } });
    }
    setView({ ...nothingSelected, unit: unitAt(map, point) });
  }

  const bounds = asBounds(status?.town?.bounds);
  if (!bounds) return <section className="map" aria-label={label} />;
  return (
    <PageMap
      label={label}
      placing={awaited ? t('sites.adding') : null}
      style={style}
      bounds={bounds}
      padding={isPhone() ? 24 : { top: 24, bottom: 44, left: 60, right: 312 }}
      onPick={pick}
      onPoint={(map, point) => pointAt(point && unitAt(map, point))}
    />
  );
}

/** unitAt is the unit under a point of the screen. */
function unitAt(map: MapLibreMap, point: Pixel): string | null {
  const layers = UNITS.filter((id) => map.getLayer(id));
  const [found] = map.queryRenderedFeatures([point.x, point.y], { layers });
  const code = found?.properties.code ?? found?.properties.id ?? found?.id;
  return code === undefined ? null : String(code);
}

function useStyle(): StyleSpecification {
  const [view] = useView();
  const { theme } = useTheme();
  const palette = usePalette();
  const locale = useLocale();
  const base = useBaseStyle();
  const shown = useShown();
  const { run, column, level, units, colours, limits, differs, by, before, view: circle } = shown;
  const levels = useLevels(run?.params.on).data;
  const points = usePoints(run, column).data;
  const overlays = useExtras((extras) => extras.overlays);
  const drawn = run?.state === 'done' ? run.id : null;
  const plan = usePlanShown();
  const at = run?.params.on ?? null;
  const households = useHouseholdsShown();
  // There are no tiles of a search under way.
  const found = useSiting(circle.siting).data;
  const siting = found?.state === 'done' ? found.id : null;
  return useMemo(() => {
    const background = circle.show.includes('background');
    const plain = composeStyle(base ?? null, {
      origin: location.origin,
      theme,
      palette,
      levels: levels ?? [],
      level,
      // Without a run the map shows the service points as they are.
      layers: [
        ...(background ? (['background'] as const) : []),
        ...(!drawn && circle.show.includes('points') ? (['service-point'] as const) : []),
        ...(households ? (['household'] as const) : []),
      ],
      cells: 'households',
      at,
      unit: view.unit,
      place: view.place,
      item: null,
      draft: null,
      fault: null,
    });
    return withCircle(plain, {
      origin: location.origin,
      palette,
      theme,
      show: circle.show,
      run: plan === 'before' ? before : drawn,
      plan: plan === 'before' ? null : plan,
      column,
      level,
      tints: colours.map((colour, index) => ({
        colour,
        units: units.filter((unit) => unit.class === index).map((unit) => unit.unit),
      })),
      change: differs && by === 'share' && before !== null ? { before, limits, colours } : null,
      points: points ?? NOTHING,
      siting,
      overlays: Object.values(overlays),
      locale,
    });
  }, [
    base,
    theme,
    palette,
    levels,
    level,
    at,
    view.unit,
    view.place,
    circle.show,
    siting,
    drawn,
    plan,
    households,
    column,
    colours,
    units,
    limits,
    differs,
    by,
    before,
    points,
    overlays,
    locale,
  ]);
}

/**
 * usePlanShown is the units of the plan that the run counts by, at its level and while the
 * plan stands as it was counted; or "before" where the units in force of the run before are shown.
 */
function usePlanShown(): GeoJSON.FeatureCollection | 'before' | null {
  const { run, level, view, before } = useShown();
  const counted = run?.state === 'done' ? (run.params.plan ?? 0) : 0;
  const plan = usePlan(counted > 0 ? counted : null).data;
  const stands = plan?.level === level && plan?.revision === run?.inputs?.plan_revision;
  const units = usePlanUnits(plan ?? null, stands).data;
  if (counted === 0) return null;
  return view.side === 'before' && before !== null ? 'before' : (units ?? NO_UNITS);
}

/** useHouseholdsShown is whether single households are drawn: to who may see them, for a run that counted them. */
function useHouseholdsShown(): boolean {
  const { run, view } = useShown();
  const may = useMay();
  return countsHouseholds(run) && may('place') && view.show.includes('households');
}

/** useHighlight tints the unit that the pointer is on, wherever that is. */
function useHighlight(): void {
  const map = usePage((page) => page.map);
  const unit = useLinked((linked) => linked.unit);
  const { level } = useShown();
  useEffect(() => {
    if (!map || unit === null) return;
    const sources = ['plan-units', 'coverage', `grid-${level}`];
    const tell = (hover: boolean) => {
      for (const source of sources) {
        const sourceLayer = source === 'plan-units' ? undefined : source;
        if (map.getSource(source)) map.setFeatureState({ source, sourceLayer, id: unit }, { hover });
      }
    };
    tell(true);
    return () => tell(false);
  }, [map, unit, level]);
}
