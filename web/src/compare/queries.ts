// What the page asks of a comparison. Drafts change under the reader's hands, so
// nothing is kept for long.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMay } from '../account/session';
import { API, answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { Plan, Unit } from '../api/types';
import type { Comparison, Difference, Impact, Moved, Statistics, Units } from './types';
import { useCompareView } from './view';

/** What all questions of a comparison say. */
export type Asked = { base: string; level: string; before: string; after: string };

/** useAsked is the question of the address; null while something of it is missing. */
export function useAsked(): Asked | null {
  const [{ base, below, before, after }] = useCompareView();
  return base && below && before && after ? { base, level: below, before, after } : null;
}

const useAnswer = <T>(
  what: string,
  asked: Asked | null,
  key: readonly unknown[],
  read: (asked: Asked, signal: AbortSignal) => Promise<T>,
  enabled = true,
) =>
  useQuery({
    queryKey: ['compare', what, asked, ...key],
    queryFn: ({ signal }) => read(asked as Asked, signal),
    enabled: enabled && asked !== null,
  });

export const useComparison = (asked: Asked | null) =>
  useAnswer('whole', asked, [], (query, signal) =>
    answer<Comparison>(api.GET('/comparisons', { signal, params: { query } })),
  );

export const useUnitsOf = (asked: Asked | null, side: 'before' | 'after') =>
  useAnswer('units', asked, [side], (query, signal) =>
    answer<Units>(api.GET('/comparisons/units', { signal, params: { query: { ...query, side } } })),
  );

export const useDifference = (asked: Asked | null, enabled: boolean) =>
  useAnswer(
    'difference',
    asked,
    [],
    (query, signal) => answer<Difference>(api.GET('/comparisons/difference', { signal, params: { query } })),
    enabled,
  );

export const useImpact = (asked: Asked | null) =>
  useAnswer('impact', asked, [], (query, signal) =>
    answer<Impact>(api.GET('/comparisons/impact', { signal, params: { query } })),
  );

export const useStatistics = (asked: Asked | null, from: string, to: string) =>
  useAnswer(
    'statistics',
    asked,
    [from, to],
    (query, signal) =>
      answer<Statistics>(
        api.GET('/comparisons/statistics', { signal, params: { query: { ...query, from, to } } }),
      ),
    useMay()('place') && from < to,
  );

/** useMoved lists the households that go from one unit to another; each page is recorded as a look. */
export const useMoved = (asked: Asked | null, pair: { from: string; to: string } | null) =>
  useInfiniteQuery({
    queryKey: ['compare', 'moved', asked, pair],
    queryFn: ({ signal, pageParam }) =>
      answer<List<Moved>>(
        api.GET('/comparisons/households', {
          signal,
          params: {
            query: {
              ...(asked as Asked),
              from: pair?.from || undefined,
              to: pair?.to || undefined,
              limit: 50,
              cursor: pageParam || undefined,
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || null,
    enabled: asked !== null && pair !== null,
  });

/** usePlans are the plans one may see, newest first; none for who draws none. */
export const usePlans = () => {
  const enabled = useMay()('plan');
  return useQuery({
    queryKey: ['plans', 'compare'],
    queryFn: ({ signal }) =>
      answer<List<Plan>>(api.GET('/plans', { signal, params: { query: { limit: 200 } } })),
    select: (list) => list.items,
    enabled,
  });
};

/** useBases are units below which can be compared, found by code or name. */
export const useBases = (text: string) =>
  useQuery({
    queryKey: ['units', 'bases', text],
    queryFn: ({ signal }) =>
      answer<List<Unit>>(
        api.GET('/units', { signal, params: { query: { q: text || undefined, limit: 1000 } } }),
      ),
    select: (list) => list.items.filter((unit) => unit.children > 0),
    placeholderData: keepPreviousData,
  });

export type What = 'changes' | 'pairs' | 'units' | 'duties' | 'difference' | 'impact' | 'statistics';
export type Format = 'csv' | 'xlsx' | 'geojson';

/** exportAddress is where the server writes a table out. */
export function exportAddress(asked: Asked, what: What, format: Format, from: string, to: string): string {
  const query = new URLSearchParams({ ...asked, what, format });
  if (what === 'statistics') {
    query.set('from', from);
    query.set('to', to);
  }
  return `${API}/comparisons/export?${query}`;
}
