// The maps of a comparison: two that move together, one over the other behind a
// divider or beside it, or one with the land that changes hands.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import { asBounds, type Bounds, boundsOf } from '../map/camera';
import { MapControls } from '../map/controls';
import { useGround } from '../map/ground';
import { usePalette, useTheme } from '../theme/theme';
import { Divider } from './divider';
import { follow, OneMap, useShowing } from './pair';
import { useAsked, useComparison, useDifference, useUnitsOf } from './queries';
import { withDifference, withUnits } from './style';
import { useCompareView } from './view';

/** Where a press chooses a change. */
const LAYERS = ['difference-fill', 'units-fill'];

export default function CompareMap() {
  const { t } = useTranslation();
  const [view, setView] = useCompareView();
  const asked = useAsked();
  const whole = useComparison(asked).data;
  const before = useUnitsOf(asked, 'before').data;
  const after = useUnitsOf(asked, 'after').data;
  const difference = useDifference(asked, view.mode === 'difference').data;
  const ground = useGround();
  const { theme } = useTheme();
  const palette = usePalette();
  const choice = useMemo(() => ({ theme, palette, change: view.change }), [theme, palette, view.change]);
  const kinds = useMemo(() => whole?.changes.map(({ kind }) => kind) ?? [], [whole]);
  const styles = useMemo(
    () =>
      view.mode === 'difference'
        ? [withDifference(ground, after, difference, kinds, choice)]
        : [withUnits(ground, before, choice), withUnits(ground, after, choice)],
    [view.mode, ground, before, after, difference, kinds, choice],
  );
  const maps = useRef<(MapLibreMap | null)[]>([null, null]);
  const town = asBounds(useStatus().data?.town?.bounds);
  const around = useAround(asked ? (after ?? before) : undefined, view.change);
  const [loaded, setLoaded] = useState(false);
  useShowing(maps, around, loaded);
  if (!town) return <div className="map" />;
  const names = [t('compare.before'), t('compare.after')];
  const swiped = view.mode === 'swipe';
  return (
    <div className={`compare-maps compare-${view.mode}`}>
      {styles.map((style, index) => (
        <OneMap
          // biome-ignore lint/suspicious/noArrayIndexKey: the first map stays the first
          key={index}
          name={
            styles.length === 1 ? t('compare.mode.difference') : `${names[index]}: ${aboutOf(whole, index)}`
          }
          first={index === 0}
          style={style}
          bounds={around ?? town}
          clip={swiped && index === 1 ? view.divider : null}
          onMap={(map) => {
            maps.current[index] = map;
            if (index === 0) setLoaded(map !== null);
          }}
          onMove={(map) => follow(map, maps.current)}
          layers={LAYERS}
          onHit={(hit) => {
            const change = Number(hit.change);
            if (change > 0) setView({ change: change === view.change ? null : change });
          }}
        />
      ))}
      <MapControls />
      {swiped && <Divider at={view.divider} onMove={(divider) => setView({ divider })} />}
    </div>
  );
}

/** aboutOf names a side in a few words. */
function aboutOf(
  whole: { before: { name: string; on: string }; after: { name: string; on: string } } | undefined,
  index: number,
) {
  const about = index === 0 ? whole?.before : whole?.after;
  return about?.name || about?.on || '';
}

type Drawn = {
  features: readonly { geometry: { coordinates?: unknown } | null; properties: { change: number } }[];
};

/** useAround is the box around the chosen change, or around all units. */
function useAround(units: Drawn | undefined, change: number | null): Bounds | null {
  return useMemo(() => {
    if (!units) return null;
    const some = units.features.filter((one) => change !== null && one.properties.change === change);
    return boundsOf((some.length > 0 ? some : units.features).map((one) => one.geometry?.coordinates));
  }, [units, change]);
}
