// What the incident ledger asks the server.
import { keepPreviousData, type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { API, answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { Incident } from '../api/types';
import type { Asked, State } from './view';

type Schemas = components['schemas'];
export type Steps = Schemas['Steps'];
export type Step = Schemas['Taken'];
export type Act = Step['act'];
export type Choice = Schemas['Choice'];
export type Responsible = Schemas['Responsible'];
export type Alike = Schemas['Alike'];
export type Tally = Schemas['Tally'];

const PAGE = 100;

/** useIncidents are those that match, the most urgent first, or the newest; read on page by page. */
export const useIncidents = (asked: Asked, order: 'due' | 'reported', limit = PAGE) =>
  useInfiniteQuery({
    queryKey: ['incidents', order, limit, asked],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Incident>>(
        api.GET('/incidents', {
          signal,
          params: { query: { ...asked, order, limit, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const useTallies = (asked: Asked) =>
  useQuery({
    queryKey: ['incident-tallies', asked],
    queryFn: ({ signal }) =>
      answer<List<Tally>>(api.GET('/incident-tallies', { signal, params: { query: asked } })),
    select: (list) => list.items,
    placeholderData: keepPreviousData,
  });

export const useSteps = (id: string) =>
  useQuery({
    queryKey: ['incident', id, 'steps'],
    queryFn: ({ signal }) =>
      answer<Steps>(api.GET('/incidents/{id}/steps', { signal, params: { path: { id } } })),
  });

export const useResponsible = (id: string, known: boolean) =>
  useQuery({
    queryKey: ['incident', id, 'responsible'],
    queryFn: ({ signal }) =>
      answer<Responsible>(api.GET('/incidents/{id}/responsible', { signal, params: { path: { id } } })),
    enabled: known,
  });

export const useAlike = (id: string) =>
  useQuery({
    queryKey: ['incident', id, 'alike'],
    queryFn: ({ signal }) =>
      answer<List<Alike>>(api.GET('/incidents/{id}/alike', { signal, params: { path: { id } } })),
    select: (list) => list.items,
  });

export const useChoices = (id: string) =>
  useQuery({
    queryKey: ['incident', id, 'choices'],
    queryFn: ({ signal }) =>
      answer<List<Choice>>(api.GET('/incidents/{id}/choices', { signal, params: { path: { id } } })),
    select: (list) => list.items,
  });

export const useReasons = () =>
  useQuery({
    queryKey: ['incident-reasons'],
    queryFn: ({ signal }) => answer<Schemas['ListReason']>(api.GET('/incident-reasons', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

/** How many incidents one file holds at most. */
export const MOST_EXPORTED = 200_000;

/** ledgerAddress is where the incidents that match are had as a worksheet. */
export function ledgerAddress(asked: Asked, lang: string): string {
  const query = new URLSearchParams({ lang });
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
  return `${API}/incidents/export?${query}`;
}

export type NewStep = {
  id: string;
  act: Exclude<Act, 'report'>;
  from: State;
  reason?: string;
  post?: number;
  amount?: number;
  unit?: 'minutes' | 'working-hours' | 'working-days';
  point?: number[];
};

/** take sends a step; the same id again is the same step. */
export const take = (incident: string, step: NewStep) =>
  answer<Incident>(
    api.POST('/incidents/{id}/steps', { params: { path: { id: incident } }, body: step as never }),
  );

/** touched has everything read anew that shows an incident. */
export function touched(client: QueryClient, incident: string): void {
  client.invalidateQueries({ queryKey: ['incident', incident] });
  client.invalidateQueries({ queryKey: ['incidents'] });
  client.invalidateQueries({ queryKey: ['incident-tallies'] });
}
