// What the page asks about sets of rules, and what it changes.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';

type Schemas = components['schemas'];
export type RuleSet = Schemas['Set'];
export type Rule = Schemas['RuleRule'];
export type Kind = Rule['kind'];
export type Need = Schemas['Need'];
/** A plan that is drawn by a set. */
export type User = Schemas['User'];
type Titles = { title_zh: string; title_en: string };

const of = (id: number) => ({ params: { path: { id } } });
const items = async <T>(list: Promise<List<T>>) => (await list).items;

export const useRuleSets = () =>
  useQuery({
    queryKey: ['rulesets'],
    queryFn: ({ signal }) => items(answer<List<RuleSet>>(api.GET('/rulesets', { signal }))),
  });

export const useRuleSet = (id: number) =>
  useQuery({
    queryKey: ['rulesets', id],
    queryFn: ({ signal }) => answer<RuleSet>(api.GET('/rulesets/{id}', { signal, ...of(id) })),
  });

export const useUsers = (id: number) =>
  useQuery({
    queryKey: ['rulesets', id, 'plans'],
    queryFn: ({ signal }) =>
      items(answer<List<User>>(api.GET('/rulesets/{id}/plans', { signal, ...of(id) }))),
  });

/** useSetChange changes sets, and reads them again; drafts are judged by them, so these too. */
export function useSetChange<T, R>(change: (input: T) => Promise<R>, after?: (result: R) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (result) => {
      client.invalidateQueries({ queryKey: ['rulesets'] });
      after?.(result);
    },
  });
}

export const add = (titles: Titles) =>
  answer<RuleSet>(api.POST('/rulesets', { body: { ...titles, rules: [] } }));
export const copy = (id: number, titles: Titles) =>
  answer<RuleSet>(api.POST('/rulesets/{id}/copy', { ...of(id), body: titles }));
export const save = (id: number, change: Titles & { rules: Rule[] }) =>
  answer<RuleSet>(api.PATCH('/rulesets/{id}', { ...of(id), body: change }));
export const remove = (id: number) => done(api.DELETE('/rulesets/{id}', of(id)));
