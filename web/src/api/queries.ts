// Everything the page reads, by name. Keys start with the subject, so that a
// change of a layer can refresh what depends on it (see refresh.ts).
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answer, api } from './client';
import type { Job, LonLat } from './types';

/** How often the page asks what has changed, in milliseconds. */
const STATUS_EVERY = 15_000;
/** How often it asks about jobs that are under way. */
const JOBS_EVERY = 1_000;

export const isActive = (job: Pick<Job, 'state'>) => job.state === 'waiting' || job.state === 'running';

export const useStatus = () =>
  useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/status', { signal })),
    refetchInterval: STATUS_EVERY,
    refetchOnWindowFocus: 'always',
    staleTime: 0,
  });

export const useLevels = (at?: string | null) =>
  useQuery({
    queryKey: ['levels', at ?? ''],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/levels', { signal, params: { query: { at: at ?? undefined } } })),
    select: (list) => list.items,
    placeholderData: keepPreviousData,
  });

export const usePresets = () =>
  useQuery({
    queryKey: ['presets'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/presets', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export type UnitFilter = {
  level?: string;
  parent?: string;
  q?: string;
  state?: string;
  at?: string;
  limit?: number;
  cursor?: string;
};

export const useUnits = (filter: UnitFilter, enabled = true) =>
  useQuery({
    queryKey: ['units', filter],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/units', { signal, params: { query: filter } })),
    placeholderData: keepPreviousData,
    enabled,
  });

export const useUnit = (code: string | null, at?: string | null) =>
  useQuery({
    queryKey: ['unit', code, at ?? ''],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/units/{code}', {
          signal,
          params: { path: { code: code ?? '' }, query: { at: at ?? undefined } },
        }),
      ),
    enabled: code !== null,
  });

export const usePlace = (place: LonLat | null, at?: string | null) =>
  useQuery({
    queryKey: ['place', place, at ?? ''],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/places', {
          signal,
          params: { query: { lon: place?.[0] ?? 0, lat: place?.[1] ?? 0, at: at ?? undefined } },
        }),
      ),
    enabled: place !== null,
  });

export const useSearch = (q: string, at?: string | null) =>
  useQuery({
    queryKey: ['search', q, at ?? ''],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/search', { signal, params: { query: { q, at: at ?? undefined, limit: 12 } } })),
    select: (list) => list.items,
    enabled: q.length > 0,
    placeholderData: keepPreviousData,
  });

export const useHousehold = (id: number | null) =>
  useQuery({
    queryKey: ['household', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/households/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useUnplaced = (q: string, cursor: string | undefined, enabled = true) =>
  useQuery({
    queryKey: ['households', 'unplaced', q, cursor ?? ''],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/households', {
          signal,
          params: { query: { placed: false, closed: false, q: q || undefined, limit: 20, cursor } },
        }),
      ),
    placeholderData: keepPreviousData,
    enabled,
  });

export const useIncident = (id: string | null) =>
  useQuery({
    queryKey: ['incident', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/incidents/{id}', { signal, params: { path: { id: id ?? '' } } })),
    enabled: id !== null,
  });

export const useCategories = () =>
  useQuery({
    queryKey: ['incident-categories'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/incident-categories', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useServicePoint = (id: number | null) =>
  useQuery({
    queryKey: ['service-point', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/service-points/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useTiers = () =>
  useQuery({
    queryKey: ['service-tiers'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/service-tiers', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useFunctions = () =>
  useQuery({
    queryKey: ['service-functions'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/service-functions', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useJobs = () =>
  useQuery({
    queryKey: ['jobs'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/jobs', { signal, params: { query: { limit: 30 } } })),
    select: (list) => list.items,
    refetchInterval: (query) => (query.state.data?.items.some(isActive) ? JOBS_EVERY : STATUS_EVERY),
  });

export const useJob = (id: number | null) =>
  useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/jobs/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) =>
      query.state.data === undefined || isActive(query.state.data) ? JOBS_EVERY : false,
  });

export const useUploads = () =>
  useQuery({
    queryKey: ['imports'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/imports', { signal, params: { query: { limit: 20 } } })),
    select: (list) => list.items,
  });

export const useUpload = (id: number | null) =>
  useQuery({
    queryKey: ['imports', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/imports/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useDrafts = () =>
  useQuery({
    queryKey: ['plans', 'draft'],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/plans', { signal, params: { query: { state: 'draft', limit: 50 } } })),
    select: (list) => list.items,
  });

export const usePlan = (id: number | null) =>
  useQuery({
    queryKey: ['plans', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/plans/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useFaults = (id: number | null, revision: number | undefined) =>
  useQuery({
    queryKey: ['plans', id, 'faults', revision],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/plans/{id}/faults', { signal, params: { path: { id: id ?? 0 } } })),
    select: (collection) => collection.features,
    enabled: id !== null && revision !== undefined,
    placeholderData: keepPreviousData,
  });

export const useSystems = () =>
  useQuery({
    queryKey: ['coordinate-systems'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/coordinate-systems', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });
