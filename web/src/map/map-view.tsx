// The map. What it shows is composed in style.ts; here it meets the pointer, the
// keyboard and the rest of the page.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
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
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { type Item, nothingSelected, useView } from '../view/url';
import { asBounds, isPhone, NOWHERE } from './camera';
import { useBaseStyle } from './canvas';
import { useChosenLevel } from './level';
import { PageMap, type Pixel } from './page-map';
import { useTileRefresh } from './refresh';
import { composeStyle } from './style';

/** How far from the pointer, in pixels, a dot may be and still be meant. */
const REACH = 6;

export default function MapView() {
  const { t } = useTranslation();
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
  const base = useBaseStyle();
  const highlighted = useHighlightedUnit();
  const itemPoint = useItemPoint(view.item);
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

  function pick(map: MapLibreMap, point: Pixel, at: LonLat) {
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
    <PageMap
      label={t('map.label')}
      placing={placing && t('map.labelPlacing')}
      style={style}
      bounds={asBounds(status?.town?.bounds) ?? NOWHERE}
      padding={initialPadding()}
      onPick={pick}
      onPoint={hover.move}
    />
  );
}

const FAULTS = new Set(['fault-point', 'fault-fill', 'fault-line']);
const PICKED = [...FAULTS, 'service-point', 'incident', 'household'];

/** round keeps what the lattice of 1e-7 degrees can hold. */
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;

function initialPadding() {
  return isPhone()
    ? { top: 80, bottom: 90, left: 16, right: 16 }
    : { top: 40, bottom: 50, left: 400, right: 80 };
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
    move(map: MapLibreMap, point: Pixel | null) {
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
