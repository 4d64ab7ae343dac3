// What the duty room asks beside what it is told: what is late. It changes by the hour.
import { useQuery } from '@tanstack/react-query';
import { useMay } from '../account/session';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';

type Schemas = components['schemas'];

const EVERY = 60_000;
/** Most lines of a list; the number says how many there are. */
export const MOST = 50;

const often = { refetchInterval: EVERY, refetchOnWindowFocus: true } as const;

/** useLate is what was missed today and which visits are late, for who supervises. */
export const useLate = (unit: string | null) =>
  useQuery({
    queryKey: ['late', unit],
    queryFn: ({ signal }) =>
      answer<Schemas['Late']>(
        api.GET('/patrols/late', { signal, params: { query: { unit: unit ?? undefined } } }),
      ),
    enabled: useMay()('supervise'),
    ...often,
  });

export const useBlocksDue = (unit: string | null) =>
  useQuery({
    queryKey: ['blocks', 'due', unit],
    queryFn: ({ signal }) =>
      answer<Schemas['ListBlock']>(
        api.GET('/blocks', { signal, params: { query: { due: true, unit: unit ?? undefined } } }),
      ),
    select: (list) => list.items,
    ...often,
  });

export const useCadences = () =>
  useQuery({
    queryKey: ['cadences'],
    queryFn: ({ signal }) => answer<Schemas['ListCadence']>(api.GET('/cadences', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

export const usePremisesDue = (unit: string | null) =>
  useQuery({
    queryKey: ['premises', 'due', unit],
    queryFn: ({ signal }) =>
      answer<Schemas['ListBuilding']>(
        api.GET('/premises', {
          signal,
          params: { query: { due: true, limit: 200, unit: unit ?? undefined } },
        }),
      ),
    ...often,
  });

/** useKinds are what kinds of posts are called. */
export const useKinds = () =>
  useQuery({
    queryKey: ['staffing'],
    queryFn: ({ signal }) => answer<Schemas['Staffing']>(api.GET('/staffing', { signal })),
    select: ({ kinds }) => kinds,
    staleTime: 300_000,
  });

/**
 * useVersion is the version of a layer of tiles, asked for again each minute while the layer is
 * shown; empty when the server does not draw it.
 */
export const useVersion = (name: string, shown: boolean) =>
  useQuery({
    queryKey: ['tiles', name],
    queryFn: async ({ signal }) => {
      const described = await fetch(`/tiles/${name}.json`, { signal });
      return described.ok ? ((await described.json()) as { version: string }).version : '';
    },
    staleTime: 300_000,
    refetchInterval: shown && EVERY,
  }).data ?? '';
