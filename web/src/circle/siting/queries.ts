// What the page asks of candidates and of searches for sites.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { List } from '../../api/queries';
import type { components } from '../../api/schema';
import { isUnderWay } from '../queries';

type Schemas = components['schemas'];
export type Candidate = Schemas['Candidate'];
export type CandidateEdit = Schemas['CandidateEdit'];
export type Siting = Schemas['Siting'];
export type Found = Schemas['CandidateFound'];
export type FoundSite = Schemas['FoundSite'];
export type Search = Schemas['CandidateParams'];

export const MODELS = ['mclp', 'lscp', 'p-median', 'p-center'] as const;
export const KINDS = ['idle-house', 'vacant-premises', 'place', 'existing', 'other'] as const;

/** How many candidates the panel counts; more are said as "so many or more". */
const COUNTED = 200;
const RUNNING_EVERY = 1_000;

/** useCandidates are those of a unit, and those with a part of a name. */
export const useCandidates = (unit: string, name = '') =>
  useQuery({
    queryKey: ['candidates', unit, name],
    queryFn: ({ signal }) =>
      answer<List<Candidate>>(
        api.GET('/candidates', {
          signal,
          params: { query: { unit: unit || undefined, q: name || undefined, limit: COUNTED } },
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const useSitings = (circle: number | undefined) =>
  useQuery({
    queryKey: ['sitings', 'list', circle],
    queryFn: ({ signal }) =>
      answer<List<Siting>>(api.GET('/sitings', { signal, params: { query: { circle, limit: 20 } } })).then(
        (list) => list.items,
      ),
    enabled: circle !== undefined,
    refetchInterval: (query) => (query.state.data?.some(isUnderWay) ? RUNNING_EVERY : false),
  });

export const useSiting = (id: number | null) =>
  useQuery({
    queryKey: ['sitings', id],
    queryFn: ({ signal }) =>
      answer<Siting>(api.GET('/sitings/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isUnderWay(query.state.data) ? RUNNING_EVERY : false),
  });

export function useSearch(onStarted: (siting: Siting) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (search: Search) => answer<Siting>(api.POST('/sitings', { body: search })),
    onSuccess: (siting) => {
      client.invalidateQueries({ queryKey: ['sitings', 'list'] });
      client.invalidateQueries({ queryKey: ['jobs'] });
      onStarted(siting);
    },
  });
}

export function useKeepCandidate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (edit: CandidateEdit) => answer<Candidate>(api.POST('/candidates', { body: edit })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['candidates'] }),
  });
}
