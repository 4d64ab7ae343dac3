// What the page asks about a plan, and how it changes one. Others pass stages and
// comment meanwhile, so nothing is kept for long.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMay, useSession } from '../account/session';
import { answer, api, asProblem, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { LonLat, Plan, Problem } from '../api/types';

type Schemas = components['schemas'];
export type Course = Schemas['DeliberationStanding'];
export type Stage = Schemas['Stage'];
export type Entry = Schemas['Entry'];
export type Check = Schemas['Check'];
export type Place = Schemas['Place'];
export type Comment = Schemas['Comment'];
export type Pinned = { id: string; geometry: { coordinates: LonLat }; properties: Comment };
export type Consultation = Schemas['Consultation'];
export type Stopped = Omit<Schemas['Stopped'], 'problem'> & { problem: Problem | null };
export type Borders = {
  type: 'FeatureCollection';
  features: { geometry: { coordinates?: unknown } | null; properties: { name: string; role: string } }[];
};

const of = (id: number) => ({ params: { path: { id } } });

export const useCourse = (plan: Plan) =>
  useQuery({
    queryKey: ['plans', plan.id, 'stages', plan.revision],
    queryFn: ({ signal }) => answer<Course>(api.GET('/plans/{id}/stages', { signal, ...of(plan.id) })),
  });

export const useProcedures = () =>
  useQuery({
    queryKey: ['procedures'],
    queryFn: ({ signal }) => answer<List<Schemas['Procedure']>>(api.GET('/procedures', { signal })),
    select: (list) => list.items,
    staleTime: 300_000,
  });

/** useChecklist is what stops a draft on a day; null for a day is today in China. */
export const useChecklist = (plan: Plan, day: string | null) =>
  useQuery({
    queryKey: ['plans', plan.id, 'checklist', plan.revision, plan.state, day],
    queryFn: ({ signal }) =>
      answer<List<Check>>(
        api.GET('/plans/{id}/checklist', {
          signal,
          params: { path: { id: plan.id }, query: day ? { effective_on: day } : {} },
        }),
      ),
    select: (list) => list.items,
    enabled: plan.state === 'draft',
  });

export const useComments = (id: number) =>
  useQuery({
    queryKey: ['plans', id, 'comments'],
    queryFn: ({ signal }) => allComments(id, signal),
    refetchInterval: 30_000,
  });

/** allComments reads page by page; a plan has at most some thousands. */
async function allComments(id: number, signal: AbortSignal): Promise<Pinned[]> {
  const all: Pinned[] = [];
  for (;;) {
    const after = Number(all.at(-1)?.id ?? 0);
    const { features } = await answer<{ features: Pinned[] }>(
      api.GET('/plans/{id}/comments', { signal, params: { path: { id }, query: { after } } }),
    );
    all.push(...features);
    if (features.length < 500) return all;
  }
}

export const useBorders = (plan: Plan) =>
  useQuery({
    queryKey: ['plans', plan.id, 'borders', plan.revision],
    queryFn: ({ signal }) => answer<Borders>(api.GET('/plans/{id}/units', { signal, ...of(plan.id) })),
  });

export const useConsultation = (id: number) =>
  useQuery({
    queryKey: ['plans', id, 'consultation'],
    queryFn: ({ signal }) =>
      answer<Consultation | null>(api.GET('/plans/{id}/consultation', { signal, ...of(id) })),
  });

/** useStopped are adopted plans that did not take effect; for who plans, or keeps posts. */
export const useStopped = () => {
  const may = useMay();
  return useQuery({
    queryKey: ['plans', 'stopped'],
    queryFn: ({ signal }) => answer<List<Stopped>>(api.GET('/stopped-plans', { signal })),
    select: (list) => list.items,
    refetchInterval: 120_000,
    enabled: may('plan') || may('post'),
  });
};

/** useChange does something about a plan; then all of it is read again, also when somebody else was first. */
export function useChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  then?: (output: Output) => void,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (output) => {
      for (const subject of ['plans', 'compare', 'jobs']) client.invalidateQueries({ queryKey: [subject] });
      then?.(output);
    },
    onError: (cause) => {
      if (asProblem(cause).status === 409) client.invalidateQueries({ queryKey: ['plans'] });
    },
  });
}

/** usePublish puts a draft in force today, or seals it for a later day. */
export function usePublish(plan: Plan) {
  const client = useQueryClient();
  return useChange(
    (effective_on: string) =>
      answer<Plan>(
        api.POST('/plans/{id}/publish', { ...of(plan.id), body: { revision: plan.revision, effective_on } }),
      ),
    () => {
      for (const subject of ['status', 'levels', 'units', 'unit', 'place']) {
        client.invalidateQueries({ queryKey: [subject] });
      }
    },
  );
}

export type Step = { stage: string; outcome: 'passed' | 'returned'; note: string };

export const take = (plan: Plan, { note, ...step }: Step) =>
  answer<Course>(
    api.POST('/plans/{id}/stages', {
      ...of(plan.id),
      body: { ...step, revision: plan.revision, ...(note ? { note } : {}) },
    }),
  );

export const withdraw = (id: number) => answer<Plan>(api.POST('/plans/{id}/withdrawal', of(id)));
export const renew = (plan: Plan) =>
  answer<Plan>(api.POST('/plans/{id}/renewal', { ...of(plan.id), body: { revision: plan.revision } }));
export const rollBack = (id: number, name: string) =>
  answer<Plan>(api.POST('/plans/{id}/rollback', { ...of(id), body: { name } }));
export const runAgain = (job: number) => answer(api.POST('/jobs/{id}/retry', of(job)));

export const say = (id: number, point: LonLat, body: string) =>
  answer<Comment>(api.POST('/plans/{id}/comments', { ...of(id), body: { point, body } }));
export const judge = (id: number, comment: number, body: Schemas['Verdict']) =>
  answer<Comment>(api.PATCH('/plans/{id}/comments/{comment}', { params: { path: { id, comment } }, body }));

export const consult = (id: number, body: Schemas['Opening']) =>
  answer<Consultation>(api.PUT('/plans/{id}/consultation', { ...of(id), body }));
export const endConsultation = (id: number) => done(api.DELETE('/plans/{id}/consultation', of(id)));

/** useMine is how the log names the reader. */
export const useMine = () => `account:${useSession().data?.account ?? ''}`;
