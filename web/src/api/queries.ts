// Everything the page reads, by name. Keys start with the subject, so that a
// change of a layer can refresh what depends on it (see refresh.ts).
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMay } from '../account/session';
import { answer, api, asProblem } from './client';
import type { components } from './schema';
import type {
  FaultFeature,
  Household,
  Incident,
  Job,
  Level,
  LonLat,
  Place,
  Plan,
  Preset,
  SearchHit,
  ServicePoint,
  Status,
  UnitDetail,
  Upload,
} from './types';

type Schemas = components['schemas'];
/** One page of a list; next is the cursor of the page after it. */
export type List<T> = { items: T[]; next?: string; total?: number };

/** How often the page asks what has changed, in milliseconds. */
const STATUS_EVERY = 15_000;
/** How often it asks about jobs that are under way. */
const JOBS_EVERY = 1_000;

export const isActive = (job: Pick<Job, 'state'>) => job.state === 'waiting' || job.state === 'running';

export const useStatus = () =>
  useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => answer<Status>(api.GET('/status', { signal })),
    enabled: useMay()('map'),
    refetchInterval: STATUS_EVERY,
    refetchOnWindowFocus: 'always',
    staleTime: 0,
  });

export const useLevels = (at?: string | null) =>
  useQuery({
    queryKey: ['levels', at ?? ''],
    queryFn: ({ signal }) =>
      answer<List<Level>>(api.GET('/levels', { signal, params: { query: { at: at ?? undefined } } })),
    select: (list) => list.items,
    placeholderData: keepPreviousData,
  });

export const usePresets = () =>
  useQuery({
    queryKey: ['presets'],
    queryFn: ({ signal }) => answer<List<Preset>>(api.GET('/presets', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useUnit = (code: string | null, at?: string | null) =>
  useQuery({
    queryKey: ['unit', code, at ?? ''],
    queryFn: ({ signal }) =>
      answer<UnitDetail>(
        api.GET('/units/{code}', {
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
      answer<Place>(
        api.GET('/places', {
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
      answer<List<SearchHit>>(
        api.POST('/search', {
          signal,
          params: { query: { at: at ?? undefined } },
          body: { q, limit: 12 }, // in the body: addresses stay out of logs
        }),
      ),
    select: (list) => list.items,
    enabled: q.length > 0,
    placeholderData: keepPreviousData,
  });

export const useHousehold = (id: number | null) =>
  useQuery({
    queryKey: ['household', id],
    queryFn: ({ signal }) =>
      answer<Household>(api.GET('/households/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

/** Most unplaced households the list holds at once. */
const MOST_UNPLACED = 2000;

/** useUnplaced reads them all, so that the list can be filtered without an address in any URL. */
export const useUnplaced = () =>
  useQuery({
    queryKey: ['households', 'unplaced'],
    queryFn: async ({ signal }) => {
      const rows: Household[] = [];
      let cursor: string | undefined;
      let total: number | undefined;
      do {
        const query = { placed: 'false' as const, limit: 200, cursor };
        const page = await answer<List<Household>>(api.GET('/households', { signal, params: { query } }));
        rows.push(...page.items);
        cursor = page.next || undefined;
        total ??= page.total;
      } while (cursor && rows.length < MOST_UNPLACED);
      return { rows, total: total ?? rows.length };
    },
  });

/** useSuggestion is where an unplaced household may be; null when nothing is known. */
export const useSuggestion = (id: number | null) =>
  useQuery({
    queryKey: ['household', id, 'suggestion'],
    queryFn: async ({ signal }) => {
      try {
        const params = { path: { id: id ?? 0 } };
        return await answer<Schemas['PlaceSuggestion']>(
          api.GET('/households/{id}/suggestion', { signal, params }),
        );
      } catch (cause) {
        if (asProblem(cause).status === 404) return null;
        throw cause;
      }
    },
    enabled: id !== null,
  });

export const useIncident = (id: string | null) =>
  useQuery({
    queryKey: ['incident', id],
    queryFn: ({ signal }) =>
      answer<Incident>(api.GET('/incidents/{id}', { signal, params: { path: { id: id ?? '' } } })),
    enabled: id !== null,
  });

export const useCategories = () =>
  useQuery({
    queryKey: ['incident-categories'],
    queryFn: ({ signal }) => answer<List<Schemas['Category']>>(api.GET('/incident-categories', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useServicePoint = (id: number | null) =>
  useQuery({
    queryKey: ['service-point', id],
    queryFn: ({ signal }) =>
      answer<ServicePoint>(api.GET('/service-points/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useTiers = (enabled = true) =>
  useQuery({
    queryKey: ['service-tiers'],
    queryFn: ({ signal }) => answer<List<Schemas['Word']>>(api.GET('/service-tiers', { signal })),
    select: (list) => list.items,
    enabled,
    staleTime: 300_000,
  });

export const useFunctions = () =>
  useQuery({
    queryKey: ['service-functions'],
    queryFn: ({ signal }) => answer<List<Schemas['Word']>>(api.GET('/service-functions', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const useJobs = () =>
  useQuery({
    queryKey: ['jobs'],
    queryFn: ({ signal }) =>
      answer<List<Job>>(api.GET('/jobs', { signal, params: { query: { limit: 30 } } })),
    select: (list) => list.items,
    refetchInterval: (query) => (query.state.data?.items.some(isActive) ? JOBS_EVERY : STATUS_EVERY),
  });

export const useJob = (id: number | null) =>
  useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) =>
      answer<Job>(api.GET('/jobs/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) =>
      query.state.data === undefined || isActive(query.state.data) ? JOBS_EVERY : false,
  });

export const useUploads = () =>
  useQuery({
    queryKey: ['imports'],
    queryFn: ({ signal }) =>
      answer<List<Upload>>(api.GET('/imports', { signal, params: { query: { limit: 20 } } })),
    select: (list) => list.items,
  });

export const useUpload = (id: number | null) =>
  useQuery({
    queryKey: ['imports', id],
    queryFn: ({ signal }) =>
      answer<Upload>(api.GET('/imports/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useDrafts = (enabled = true) =>
  useQuery({
    enabled,
    queryKey: ['plans', 'draft'],
    queryFn: ({ signal }) =>
      answer<List<Plan>>(api.GET('/plans', { signal, params: { query: { state: 'draft', limit: 50 } } })),
    select: (list) => list.items,
  });

export const usePlan = (id: number | null) =>
  useQuery({
    queryKey: ['plans', id],
    queryFn: ({ signal }) =>
      answer<Plan>(api.GET('/plans/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });

export const useFaults = (id: number | null, revision: number | undefined) =>
  useQuery({
    queryKey: ['plans', id, 'faults', revision],
    queryFn: ({ signal }) =>
      answer<{ features: FaultFeature[] }>(
        api.GET('/plans/{id}/faults', { signal, params: { path: { id: id ?? 0 } } }),
      ),
    select: (collection) => collection.features,
    enabled: id !== null && revision !== undefined,
    placeholderData: keepPreviousData,
  });

export const useSystems = () =>
  useQuery({
    queryKey: ['coordinate-systems'],
    queryFn: ({ signal }) => answer<List<Schemas['Info']>>(api.GET('/coordinate-systems', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });
