// What the page reads of runs. A finished run never changes, so its results are kept
// for as long as the page lives; whether it is stale is asked again and again.
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { answer, api, done } from '../api/client';
import { type List, useLevels, useStatus } from '../api/queries';
import { chooseLevel } from '../map/level';
import { useView } from '../view/url';
import { basisOf, type Choice, differing, paramsOf } from './choice';
import type {
  CellRow,
  Column,
  Curve,
  Difference,
  HouseholdRow,
  Params,
  PointRow,
  Preset,
  Run,
  UnitRow,
} from './types';
import { useCircleView } from './view';

/** How often the page asks about a run under way, and about one that may have become stale. */
const RUNNING_EVERY = 1_500;
const STALE_EVERY = 60_000;

export const isUnderWay = (run: Pick<Run, 'state'>): boolean =>
  run.state === 'waiting' || run.state === 'running';

/** countsHouseholds is whether a run has answers of single households: it is done, and counted those of the ledger. */
export const countsHouseholds = (run: Run | undefined): run is Run =>
  run?.state === 'done' && run.params.demand === 0;

export const useStandards = () =>
  useQuery({
    queryKey: ['standards'],
    queryFn: ({ signal }) => answer<List<Preset>>(api.GET('/standards', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

type DemandSet = {
  id: number;
  name: string;
  version: number;
  /** 0: it counts people only. */
  households: number;
};

export const useDemandSets = (enabled = true) =>
  useQuery({
    queryKey: ['demand-sets'],
    queryFn: ({ signal }) => answer<List<DemandSet>>(api.GET('/demand-sets', { signal })),
    select: (list) => list.items,
    enabled,
  });

export const useRuns = () =>
  useQuery({
    queryKey: ['circles', 'list'],
    queryFn: ({ signal }) =>
      answer<List<Run>>(api.GET('/circles', { signal, params: { query: { limit: 50 } } })),
    select: (list) => list.items,
    refetchInterval: (query) => (query.state.data?.items.some(isUnderWay) ? RUNNING_EVERY : STALE_EVERY),
  });

export const useRun = (id: number | null) =>
  useQuery({
    queryKey: ['circles', id],
    queryFn: ({ signal }) =>
      answer<Run>(api.GET('/circles/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) =>
      query.state.data && isUnderWay(query.state.data) ? RUNNING_EVERY : STALE_EVERY,
  });

/** useShownRun is the run of the address, with its column: the last one where the address asks for more. */
export function useShownRun(): { run: Run | undefined; column: number; asked: Column | undefined } {
  const [view] = useCircleView();
  const run = useRun(view.run).data;
  const column = Math.min(view.column, (run?.params.columns.length ?? 1) - 1);
  return { run, column, asked: run?.params.columns[column] };
}

/** The results of a run that is done. */
const useResult = <T>(
  what: string,
  run: Run | undefined,
  key: readonly unknown[],
  read: (id: number, signal: AbortSignal) => Promise<T>,
  enabled = true,
) =>
  useQuery({
    queryKey: ['circles', run?.id, what, ...key],
    queryFn: ({ signal }) => read(run?.id ?? 0, signal),
    enabled: enabled && run?.state === 'done',
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });

/** useRunLevel is the level in view among those that have units on the date of the run. */
export function useRunLevel(run: Run | undefined): string | null {
  const [view] = useView();
  const levels = useLevels(run?.params.on).data;
  return levels ? chooseLevel(levels, view.level) : null;
}

export const useUnitRows = (run: Run | undefined, column: number, level: string | null) =>
  useResult(
    'units',
    run,
    [column, level],
    (id, signal) =>
      answer<List<UnitRow>>(
        api.GET('/circles/{id}/units', {
          signal,
          params: { path: { id }, query: { column, level: level ?? undefined } },
        }),
      ).then((list) => list.items),
    level !== null,
  );

export const useCells = (run: Run | undefined, column: number, resolution: number, enabled: boolean) =>
  useResult(
    'cells',
    run,
    [column, resolution],
    (id, signal) =>
      answer<List<CellRow>>(
        api.GET('/circles/{id}/cells', {
          signal,
          params: { path: { id }, query: { column, resolution } },
        }),
      ).then((list) => list.items),
    enabled,
  );

export const usePoints = (run: Run | undefined, column: number) =>
  useResult('points', run, [column], (id, signal) =>
    answer<List<PointRow>>(
      api.GET('/circles/{id}/points', { signal, params: { path: { id }, query: { column } } }),
    ).then((list) => list.items),
  );

export const useCurve = (run: Run | undefined, column: number) =>
  useResult('curve', run, [column], (id, signal) =>
    answer<Curve>(api.GET('/circles/{id}/curve', { signal, params: { path: { id }, query: { column } } })),
  );

export const useChange = (
  run: Run | undefined,
  before: number | null,
  column: number,
  level: string | null,
) => {
  const earlier = useRun(before).data;
  return useResult(
    'change',
    run,
    [before, column, level],
    (id, signal) =>
      answer<List<Difference>>(
        api.GET('/circles/{id}/change', {
          signal,
          params: { path: { id }, query: { before: before ?? 0, column, level: level ?? undefined } },
        }),
      ).then((list) => list.items),
    earlier?.state === 'done' && level !== null,
  );
};

/** How many households a page of the list holds; each page is one look that is recorded. */
const PAGE = 50;

/** useUncovered reads households only after it was asked to, for each look is recorded. */
export const useUncovered = (run: Run | undefined, column: number, unit: string | null, asked: boolean) =>
  useInfiniteQuery({
    queryKey: ['circles', run?.id, 'uncovered', column, unit],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<HouseholdRow>>(
        api.GET('/circles/{id}/uncovered', {
          signal,
          params: {
            path: { id: run?.id ?? 0 },
            query: { column, unit: unit ?? undefined, cursor: pageParam, limit: PAGE },
          },
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
    select: (pages) => pages.pages.flatMap((page) => page.items),
    enabled: asked && run?.state === 'done',
    staleTime: Number.POSITIVE_INFINITY,
  });

/** useCompute starts a run. */
export function useCompute(onStarted: (run: Run) => void) {
  const started = useStarted(onStarted);
  return useMutation({ mutationFn: start, onSuccess: started });
}

const start = (params: Params) => answer<Run>(api.POST('/circles', { body: params as never }));

function useStarted(onStarted: (run: Run) => void) {
  const client = useQueryClient();
  return (run: Run) => {
    client.setQueryData(['circles', run.id], run);
    client.invalidateQueries({ queryKey: ['circles', 'list'] });
    client.invalidateQueries({ queryKey: ['jobs'] });
    onStarted(run);
  };
}

/**
 * useComputeDraft starts a run by the units of a draft, beside one that asks the same by
 * the units and the points as they are; that one is made as well unless it is there.
 */
export function useComputeDraft(onStarted: (run: Run) => void) {
  const started = useStarted(onStarted);
  const today = useStatus().data?.today;
  const known = useRuns().data ?? [];
  return useMutation({
    mutationFn: async (choice: Choice) => {
      const basis = basisOf(choice);
      const same = ({ state, stale, params }: Run) =>
        state === 'done' &&
        !stale &&
        params.on === (choice.on ?? today) &&
        params.k === choice.k &&
        params.columns.length === paramsOf(basis, null).columns.length &&
        (params.measures ?? []).join() === choice.measures.join() &&
        differing(basis, params, 0).length === 0;
      const before = known.find(same) ?? (await start(paramsOf(basis, null)));
      return start(paramsOf(choice, before.id));
    },
    onSuccess: started,
  });
}

/** usePlanUnits are the units that a plan draws, as it stands. */
export const usePlanUnits = (plan: { id: number; revision: number } | null, enabled: boolean) =>
  useQuery({
    queryKey: ['plans', plan?.id, 'units', plan?.revision],
    queryFn: ({ signal }) =>
      answer<GeoJSON.FeatureCollection>(
        api.GET('/plans/{id}/units', { signal, params: { path: { id: plan?.id ?? 0 } } }),
      ),
    select: (all) => ({ ...all, features: all.features.filter((unit) => unit.properties?.role === 'part') }),
    enabled: enabled && plan !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useRemove(onRemoved: (id: number) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => done(api.DELETE('/circles/{id}', { params: { path: { id } } })),
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: ['circles', id] });
      client.invalidateQueries({ queryKey: ['circles', 'list'] });
      onRemoved(id);
    },
  });
}
