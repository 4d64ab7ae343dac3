// What the page asks of proposals. A proposal that is worked out never changes.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, api, done } from '../api/client';
import { isActive, type List } from '../api/queries';
import type { Plan, Unit } from '../api/types';
import type { Params, Parts, Proposal, RuleSet } from './types';

/** How often the page asks about proposals under way, in milliseconds. */
const EVERY = 1_000;

export const useProposals = () =>
  useQuery({
    queryKey: ['proposals', 'list'],
    queryFn: ({ signal }) =>
      answer<List<Proposal>>(api.GET('/proposals', { signal, params: { query: { limit: 50 } } })),
    select: (list) => list.items,
    refetchInterval: (query) => (query.state.data?.items.some(isActive) ? EVERY : false),
  });

export const useProposal = (id: number | null) =>
  useQuery({
    queryKey: ['proposals', id],
    queryFn: ({ signal }) =>
      answer<Proposal>(api.GET('/proposals/{id}', { signal, params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isActive(query.state.data) ? EVERY : false),
  });

/** useParts are the units of an alternative, from 1. */
export const useParts = (proposal: Proposal | undefined, alternative: number | null) =>
  useQuery({
    queryKey: ['proposals', proposal?.id, 'parts', alternative],
    queryFn: ({ signal }) =>
      answer<Parts>(
        api.GET('/proposals/{id}/alternatives/{alternative}', {
          signal,
          params: { path: { id: proposal?.id ?? 0, alternative: alternative ?? 0 } },
        }),
      ),
    enabled:
      alternative !== null && alternative > 0 && alternative <= (proposal?.found?.alternatives.length ?? 0),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useAsk(asked: (proposal: Proposal) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Params) => answer<Proposal>(api.POST('/proposals', { body })),
    onSuccess: (proposal) => {
      client.setQueryData(['proposals', proposal.id], proposal);
      client.invalidateQueries({ queryKey: ['proposals', 'list'] });
      asked(proposal);
    },
  });
}

export function useAdopt(adopted: (plan: Plan) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, alternative, name }: { id: number; alternative: number; name: string }) =>
      answer<Plan>(
        api.POST('/proposals/{id}/alternatives/{alternative}/draft', {
          params: { path: { id, alternative } },
          body: { name },
        }),
      ),
    onSuccess: (plan) => {
      client.invalidateQueries({ queryKey: ['plans'] });
      adopted(plan);
    },
  });
}

export function useRemove(removed: (id: number) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => done(api.DELETE('/proposals/{id}', { params: { path: { id } } })),
    onSuccess: (_, id) => {
      removed(id);
      client.removeQueries({ queryKey: ['proposals', id] });
      client.invalidateQueries({ queryKey: ['proposals', 'list'] });
    },
  });
}

/** useRuleSets are the sets of local rules; their bounds can be taken over. */
export const useRuleSets = () =>
  useQuery({
    queryKey: ['rulesets'],
    queryFn: ({ signal }) => answer<List<RuleSet>>(api.GET('/rulesets', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

/** useFirstUnit is the unit at the top of what one may see. */
export const useFirstUnit = () =>
  useQuery({
    queryKey: ['units', 'first'],
    queryFn: ({ signal }) =>
      answer<List<Unit>>(api.GET('/units', { signal, params: { query: { limit: 1 } } })),
    select: (list) => list.items[0],
  });
