// Words and marks that the planner's page and the walker's share.
import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../api/types';
import type { Pin } from './map';
import type { Point, PointState } from './queries';

const COLOURS: Record<PointState, string | undefined> = {
  open: undefined,
  right: 'success',
  wrong: 'error',
  moved: 'warning',
};

export function StateTag({ state }: { state: PointState }) {
  const { t } = useTranslation();
  return <Tag color={COLOURS[state]}>{t(`border.state.${state}`)}</Tag>;
}

/** useNamesOf says between which units a place is. */
export function useNamesOf(): (names: readonly string[]) => string {
  const { t } = useTranslation();
  return (names) => names.join(' / ') || t('border.nowhere');
}

/** usePinOf is the pin of a point of a walk. */
export function usePinOf(): (point: Point, chosen: number | null) => Pin {
  const { t } = useTranslation();
  const namesOf = useNamesOf();
  return (point, chosen) => ({
    key: String(point.id),
    at: point.at,
    text: String(point.ordinal),
    name: `${t('border.point', { number: point.ordinal, names: namesOf(point.names) })}, ${t(`border.state.${point.state}`)}`,
    state: point.state,
    chosen: point.id === chosen,
  });
}

/** metresBetween is how far two places are apart, for places some hundred metres apart. */
export function metresBetween([ax, ay]: LonLat, [bx, by]: LonLat): number {
  const degree = 111_195; // metres of a degree of latitude
  const across = Math.cos((((ay + by) / 2) * Math.PI) / 180);
  return Math.hypot((ax - bx) * across, ay - by) * degree;
}
