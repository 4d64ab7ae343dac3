// What the pages read of posts, in one place, with the rules for figures.
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';

type Schemas = components['schemas'];
type Or<T, Null extends keyof T> = Omit<T, Null> & { [Key in Null]: T[Key] | null };

export type Holder = Schemas['Holder'];
export type Post = Or<Schemas['Post'], 'a' | 'b'>;
export type Duty = Schemas['Duty'];
export type Step = Schemas['Step'];
export type Vacancy = Or<Schemas['Vacancy'], 'answers'>;
export type UnitVacancies = Schemas['UnitVacancies'];
export type Staffing = Schemas['Staffing'];
export type Line = Schemas['Line'];
export type KindOfPost = Schemas['KindOfPost'];
export type Absence = Schemas['Absence'];
export type Rank = 'A' | 'B';

export const RULES = ['missing', 'vacant', 'acting', 'no-deputy', 'excess'] as const;
export type Rule = (typeof RULES)[number];
export const REASONS = ['leave', 'sick', 'training', 'other'] as const;

/** What a change of posts, holders or absences shows in. */
export const TOUCHED = ['posts', 'duty', 'vacancies', 'absences', 'staffing', 'session', 'audit'] as const;

/** Most posts that are listed at once. */
const MOST = 1000;

type PostQuery = { unit?: string; only?: boolean; account?: string; kind?: string };

const readPosts = (query: PostQuery, signal: AbortSignal) =>
  answer<List<Post>>(api.GET('/posts', { signal, params: { query: { ...query, limit: MOST } } }));

/** usePosts are the posts of one unit itself. */
export const usePosts = (unit: string) =>
  useQuery({
    queryKey: ['posts', 'unit', unit],
    queryFn: ({ signal }) => readPosts({ unit, only: true }, signal),
    select: (list) => list.items,
  });

/** The kinds of posts that there are for the whole installation, not in a unit alone. */
const CENTRAL = [
  'administrator',
  'privacy-officer',
  'planner',
  'analyst',
  'dispatcher',
  'department-officer',
];

/** useCentralPosts are the posts of the whole installation. */
export const useCentralPosts = () =>
  useQuery({
    queryKey: ['posts', 'central'],
    queryFn: async ({ signal }) => {
      const lists = await Promise.all(CENTRAL.map((kind) => readPosts({ kind }, signal)));
      return lists.flatMap((list) => list.items).filter((post) => post.unit === '');
    },
  });

/** usePostsOf are the posts that an account holds today, as A or as B. */
export const usePostsOf = (login: string | null) =>
  useQuery({
    queryKey: ['posts', 'account', login],
    enabled: login !== null,
    queryFn: ({ signal }) => readPosts({ account: login ?? '' }, signal),
    select: (list) => list.items,
  });

export const usePost = (id: number | null) =>
  useQuery({
    queryKey: ['posts', id],
    enabled: id !== null,
    queryFn: ({ signal }) =>
      answer<Post>(api.GET('/posts/{id}', { signal, params: { path: { id: id ?? 0 } } })),
  });

/** useDuty is who answers in a unit for a kind of post; without a kind, for the unit. */
export const useDuty = (unit: string, kind?: string) =>
  useQuery({
    queryKey: ['duty', unit, kind ?? ''],
    staleTime: 0,
    queryFn: ({ signal }) =>
      answer<Duty>(
        api.GET('/units/{code}/duty', { signal, params: { path: { code: unit }, query: { kind } } }),
      ),
  });

export const useStaffing = () =>
  useQuery({
    queryKey: ['staffing'],
    queryFn: ({ signal }) => answer<Staffing>(api.GET('/staffing', { signal })),
  });

export const useVacancyCounts = () =>
  useQuery({
    queryKey: ['vacancies', 'units'],
    queryFn: ({ signal }) => answer<List<UnitVacancies>>(api.GET('/staffing/vacancies/units', { signal })),
    select: (list) => list.items,
  });

/** brokenIn is how many rules are broken in a unit and in all units below it. */
export function brokenIn(unit: Pick<UnitVacancies, 'own' | 'below'>): number {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, one) => all + one, 0);
  return sum(unit.own) + sum(unit.below);
}

/** onDuty says who has the duty of a post among its holders: A, B while A is away or missing, else nobody. */
export function onDuty(post: Pick<Post, 'a' | 'b'>): Rank | null {
  if (post.a && !post.a.away) return 'A';
  if (post.b && !post.b.away) return 'B';
  return null;
}
