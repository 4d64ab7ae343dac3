// What the page about incidents asks.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { API, answer, api } from '../api/client';
import type { components } from '../api/schema';
import type { Period } from './period';

type Schemas = components['schemas'];
export type UnitCounts = Schemas['UnitCounts'];
export type UnitCount = Schemas['UnitCount'];
export type CellCounts = Schemas['CellCounts'];
export type Trend = Schemas['Trend'];
export type Matrix = Schemas['Matrix'];
export type Spots = Schemas['Spots'];
export type Scope = Pick<
  UnitCounts,
  'from' | 'to' | 'date' | 'exact' | 'step' | 'sample' | 'incidents' | 'enough'
>;

/** What all parts of the page are about. */
export type Asked = {
  period: Period;
  category: string | null;
  /** The units and households are those in force on this day; null is today. */
  date: string | null;
};
export type Measure = 'count' | 'rate';

const about = ({ period, category, date }: Asked, unit: string | null) => ({
  from: period.from,
  to: period.to,
  ...(category ? { category } : {}),
  ...(date ? { date } : {}),
  ...(unit ? { unit } : {}),
});

/** Answers about periods that are over change when incidents are loaded, which is rare. */
const kept = { staleTime: 300_000, placeholderData: keepPreviousData };

export const useUnits = (asked: Asked, level: string | null) =>
  useQuery({
    queryKey: ['incidents', 'units', asked, level],
    queryFn: ({ signal }) =>
      answer<UnitCounts>(
        api.GET('/incidents/analysis/units', {
          signal,
          params: { query: { ...about(asked, null), level: level ?? undefined } },
        }),
      ),
    enabled: level !== null,
    ...kept,
  });

export const useCells = (asked: Asked, resolution: number, enabled: boolean) =>
  useQuery({
    queryKey: ['incidents', 'cells', asked, resolution],
    queryFn: ({ signal }) =>
      answer<CellCounts>(
        api.GET('/incidents/analysis/cells', {
          signal,
          params: { query: { ...about(asked, null), resolution } },
        }),
      ),
    enabled,
    ...kept,
  });

export const useSpots = (asked: Asked, resolution: number, measure: Measure, enabled: boolean) =>
  useQuery({
    queryKey: ['incidents', 'spots', asked, resolution, measure],
    queryFn: ({ signal }) =>
      answer<Spots>(
        api.GET('/incidents/analysis/hotspots', {
          signal,
          params: { query: { ...about(asked, null), resolution, measure } },
        }),
      ),
    enabled,
    ...kept,
  });

export const useTrend = (
  asked: Asked,
  range: { from: string; to: string },
  by: 'week' | 'month',
  unit: string | null,
) =>
  useQuery({
    queryKey: ['incidents', 'trend', asked.category, asked.date, range, by, unit],
    queryFn: ({ signal }) =>
      answer<Trend>(
        api.GET('/incidents/analysis/trend', {
          signal,
          params: { query: { ...about(asked, unit), ...range, by } },
        }),
      ),
    ...kept,
  });

/** useCategoriesOf is what was reported in a period, by category: the trend of a single step has them. */
export const useCategoriesOf = (asked: Asked, unit: string | null) =>
  useTrend(
    asked,
    { from: asked.period.from, to: asked.period.to },
    asked.period.span === 'week' ? 'week' : 'month',
    unit,
  );

export const useMatrix = (asked: Asked, unit: string | null) =>
  useQuery({
    queryKey: ['incidents', 'matrix', asked, unit],
    queryFn: ({ signal }) =>
      answer<Matrix>(
        api.GET('/incidents/analysis/matrix', { signal, params: { query: about(asked, unit) } }),
      ),
    ...kept,
  });

/** exportAddress is where a table is had as a file. */
export function exportAddress(
  what: 'units' | 'cells' | 'trend' | 'matrix' | 'hotspots',
  asked: Asked,
  more: Record<string, string | number>,
): string {
  const query = new URLSearchParams({ what, ...about(asked, null) });
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return `${API}/incidents/analysis/export?${query}`;
}
