// The map of a proposal: one division, or two behind a divider.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useStatus } from '../api/queries';
import { Divider } from '../compare/divider';
import { follow, OneMap, useShowing } from '../compare/pair';
import { asBounds, type Bounds, boundsOf } from '../map/camera';
import { MapControls } from '../map/controls';
import { useGround } from '../map/ground';
import { usePalette } from '../theme/theme';
import { type Division, type Mark, withDivision, withMarks } from './style';
import { useProposalsView } from './view';

export type Shown = { name: string; division: Division | undefined };

const LAYERS = ['marks-dot', 'division-fill'];

export default function ProposalsMap(props: {
  shown: Shown;
  /** What lies left of the divider. */
  beside?: Shown | null;
  marks?: readonly Mark[];
  /** What is looked at while there is no division. */
  around: Bounds | null;
  onUnit?: (code: string) => void;
}) {
  const { shown, beside = null, marks = NONE, onUnit } = props;
  const [view, setView] = useProposalsView();
  const ground = useGround();
  const palette = usePalette();
  const maps = useRef<(MapLibreMap | null)[]>([null, null]);
  const [loaded, setLoaded] = useState(false);
  const front = useMemo(
    () => withMarks(withDivision(ground, shown.division, palette), marks, palette),
    [ground, shown.division, marks, palette],
  );
  const behind = useMemo(
    () => withDivision(ground, beside?.division, palette),
    [ground, beside?.division, palette],
  );
  const town = asBounds(useStatus().data?.town?.bounds);
  const land = useMemo(
    () => shown.division && boundsOf(shown.division.features.map((one) => one.geometry?.coordinates)),
    [shown.division],
  );
  const around = land ?? props.around;
  useShowing(maps, around, loaded);
  useLooking(maps, marks, loaded);
  if (!town) return <div className="map" />;
  const sides = beside
    ? [
        { ...beside, style: behind },
        { ...shown, style: front },
      ]
    : [{ ...shown, style: front }];
  return (
    <div className="compare-maps">
      {sides.map((side, index) => (
        <OneMap
          // biome-ignore lint/suspicious/noArrayIndexKey: the first map stays the first
          key={index}
          name={side.name}
          first={index === 0}
          style={side.style}
          bounds={around ?? town}
          clip={index === 1 ? view.divider : null}
          onMap={(map) => {
            maps.current[index] = map;
            if (index === 0) setLoaded(map !== null);
          }}
          onMove={(map) => follow(map, maps.current)}
          layers={LAYERS}
          onHit={(hit, layer) => {
            if (layer === 'marks-dot') setView({ at: Number(hit.number) });
            else if (hit.unit) onUnit?.(String(hit.unit));
          }}
        />
      ))}
      <MapControls />
      {beside && <Divider at={view.divider} onMove={(divider) => setView({ divider })} />}
    </div>
  );
}

const NONE: readonly Mark[] = [];

/** useLooking goes to the place that is chosen. */
function useLooking(maps: { current: (MapLibreMap | null)[] }, marks: readonly Mark[], loaded: boolean) {
  const chosen = marks.find((mark) => mark.chosen)?.at.join() ?? null;
  useEffect(() => {
    const map = maps.current[0];
    if (!loaded || chosen === null || !map) return;
    const [lon = 0, lat = 0] = chosen.split(',').map(Number);
    map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 15.5) });
  }, [maps, chosen, loaded]);
}
