// What the pages of border walks ask, and what they send. Answers come from the field
// meanwhile, so nothing is kept for long.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { API, answer, api, asProblem, done, problemOf } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { LonLat, Plan } from '../api/types';

type Schemas = components['schemas'];
type At<T> = Omit<T, 'at'> & { at: LonLat };
export type Suggestion = At<Schemas['BorderwalkSuggestion']>;
export type Point = At<Schemas['BorderwalkPoint']>;
export type Walk = Schemas['BorderwalkWalk'];
export type WholeWalk = Omit<Schemas['BorderWalk'], 'places'> & { places: Point[] };
export type Answer = Schemas['BorderwalkAnswer'];
/** Null where there is none, though the description does not say so. */
export type Found = Omit<At<Schemas['BorderwalkFound']>, 'place' | 'edit'> & {
  place: LonLat | null;
  edit: Schemas['BorderwalkEdit'] | null;
};
export type Verdict = Answer['verdict'];
export type PointState = Point['state'];
export const VERDICTS: readonly Verdict[] = ['right', 'wrong', 'moved'];

/** Who a walk is for: a post, a person by sign-in name, or whoever may record there. */
export type Assignee = { post?: number; account?: string };
export type NewPoint = { at: LonLat; question: string };

/** Most points of a walk, and photos of an answer. */
export const MOST_POINTS = 100;
export const MOST_PHOTOS = 3;

const of = (id: number) => ({ params: { path: { id } } });

export const useSuggestions = (plan: Plan) =>
  useQuery({
    queryKey: ['border', plan.id, 'suggestions', plan.revision],
    queryFn: ({ signal }) =>
      answer<List<Suggestion>>(api.GET('/plans/{id}/border-suggestions', { signal, ...of(plan.id) })),
    select: (list) => list.items,
    enabled: plan.state === 'draft',
  });

export const useWalks = (plan: number) =>
  useQuery({
    queryKey: ['border', plan, 'walks'],
    queryFn: ({ signal }) => answer<List<Walk>>(api.GET('/plans/{id}/border-walks', { signal, ...of(plan) })),
    select: (list) => list.items,
    refetchInterval: 30_000,
  });

export const useFound = (plan: number) =>
  useQuery({
    queryKey: ['border', plan, 'answers'],
    queryFn: ({ signal }) =>
      answer<List<Found>>(api.GET('/plans/{id}/border-answers', { signal, ...of(plan) })),
    select: (list) => list.items,
    refetchInterval: 30_000,
  });

export const useWalk = (id: number) =>
  useQuery({
    queryKey: ['border', 'walk', id],
    queryFn: ({ signal }) => answer<WholeWalk>(api.GET('/border-walks/{id}', { signal, ...of(id) })),
  });

/** useTasks are points without an answer that wait for the reader, or for anybody. */
export const useTasks = () =>
  useQuery({
    queryKey: ['border', 'tasks'],
    queryFn: ({ signal }) =>
      answer<List<Point>>(api.GET('/border-tasks', { signal, params: { query: { limit: 1000 } } })),
    select: (list) => list.items,
  });

export type Post = Schemas['Post'];

/** useRecorders are the posts below a unit that may record there, so that a walk can be theirs. */
export const useRecorders = (unit: string | undefined) =>
  useQuery({
    queryKey: ['posts', 'recorders', unit ?? ''],
    queryFn: async ({ signal }) => {
      const [posts, { kinds }] = await Promise.all([
        answer<List<Post>>(api.GET('/posts', { signal, params: { query: { unit, limit: 1000 } } })),
        answer<Schemas['Staffing']>(api.GET('/staffing', { signal })),
      ]);
      const able = new Set(kinds.filter(({ may }) => may.includes('record')).map(({ kind }) => kind));
      return posts.items.filter(({ kind }) => able.has(kind));
    },
  });

/** useBorderChange does something about border walks; then all of them are read again. */
export function useBorderChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  then?: (output: Output) => void,
) {
  const client = useQueryClient();
  const reread = () => {
    client.invalidateQueries({ queryKey: ['border'] });
    client.invalidateQueries({ queryKey: ['plans'] });
  };
  return useMutation({
    mutationFn: change,
    onSuccess: (output) => {
      reread();
      then?.(output);
    },
    onError: (cause) => {
      if (asProblem(cause).status === 409) reread();
    },
  });
}

export const make = (plan: number, body: { name: string; points: NewPoint[] } & Assignee) =>
  answer<WholeWalk>(api.POST('/plans/{id}/border-walks', { ...of(plan), body }));
export const hand = (walk: number, body: Assignee) =>
  answer<Walk>(api.PUT('/border-walks/{id}/assignee', { ...of(walk), body }));
export const remove = (walk: number) => done(api.DELETE('/border-walks/{id}', of(walk)));

/** take makes the edit that brings the border of a draft to where it was found. */
export const take = (plan: Plan, edit: NonNullable<Found['edit']>) =>
  answer(
    api.POST('/plans/{id}/edits', {
      ...of(plan.id),
      body: { revision: plan.revision, key: crypto.randomUUID(), edit },
    }),
  );

export type Finding = { id: string; verdict: Verdict; note: string; place: LonLat | null; at: Date };

export const say = (point: number, { id, verdict, note, place, at }: Finding) =>
  answer<Answer>(
    api.POST('/border-points/{id}/answers', {
      ...of(point),
      body: {
        id,
        verdict,
        answered_at: at.toISOString(),
        ...(note ? { note } : {}),
        ...(place ? { place } : {}),
      },
    }),
  );

export const photoAddress = (finding: string, photo: string) =>
  `${API}/border-answers/${finding}/photos/${photo}`;

/** addPhoto sends a photo; with the same id it is kept once, however often it is sent. */
export async function addPhoto(finding: string, id: string, photo: Blob): Promise<void> {
  const headers = { 'Content-Type': 'image/jpeg' };
  const response = await fetch(photoAddress(finding, id), { method: 'PUT', headers, body: photo });
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
}

export const gpxAddress = (walk: number) => `${API}/border-walks/${walk}/gpx`;

/** workshopAddress opens the workshop at a place. */
export const workshopAddress = (plan: number, [lon, lat]: LonLat) =>
  `/workshop/${plan}?tool=point#map=18/${lat.toFixed(6)}/${lon.toFixed(6)}`;
