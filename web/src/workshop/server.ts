// The workshop's calls of the server.
import { answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import type { LonLat } from '../api/types';
import type {
  Atom,
  Division,
  DraftPlan,
  Edit,
  Edited,
  Grain,
  Other,
  RuleSet,
  Standing,
  Step,
  Turn,
  Waiver,
} from './types';

export type Asked = { revision: number; key: string; edit: Edit; try?: boolean };

export type Server = {
  plan(plan: number): Promise<DraftPlan>;
  division(plan: number): Promise<Division>;
  edit(plan: number, asked: Asked): Promise<Edited>;
  turn(plan: number, turn: Turn, revision: number): Promise<Edited>;
  facts(plan: number): Promise<Standing>;
  steps(plan: number, cursor: string): Promise<List<Step>>;
  presence(plan: number, at: LonLat | null, unit: number | null): Promise<Other[]>;
  duplicate(plan: number, name: string, revision?: number): Promise<DraftPlan>;
};

const of = (id: number) => ({ params: { path: { id } } });

export const server: Server = {
  plan: (plan) => answer(api.GET('/plans/{id}', of(plan))),
  division: (plan) => answer(api.GET('/plans/{id}/division', of(plan))),
  edit: (plan, body) => answer(api.POST('/plans/{id}/edits', { ...of(plan), body })),
  turn: (plan, turn, revision) =>
    answer(
      turn === 'undo'
        ? api.POST('/plans/{id}/undo', { ...of(plan), body: { revision } })
        : api.POST('/plans/{id}/redo', { ...of(plan), body: { revision } }),
    ),
  facts: (plan) => answer(api.GET('/plans/{id}/facts', of(plan))),
  steps: (plan, cursor) =>
    answer(
      api.GET('/plans/{id}/steps', {
        params: { path: { id: plan }, query: { limit: 50, ...(cursor ? { cursor } : {}) } },
      }),
    ),
  presence: async (plan, at, unit) => {
    const body = { ...(at ? { at } : {}), ...(unit ? { unit } : {}) };
    const { others } = await answer<{ others: Other[] }>(
      api.POST('/plans/{id}/presence', { ...of(plan), body }),
    );
    return others;
  },
  duplicate: (plan, name, revision) =>
    answer(
      api.POST('/plans/{id}/duplicate', { ...of(plan), body: { name, ...(revision ? { revision } : {}) } }),
    ),
};

/** atomsOf is the land in a box (west, south, east, north) that is picked as a whole. */
export const atomsOf = async (plan: number, grain: Grain, box: readonly number[], signal: AbortSignal) => {
  const { items } = await answer<List<Atom>>(
    api.GET('/plans/{id}/atoms', {
      signal,
      params: { path: { id: plan }, query: { grain, box: [...box] } },
      querySerializer: { array: { style: 'form', explode: false } },
    }),
  );
  return items;
};

export const waiversOf = async (plan: number) =>
  (await answer<List<Waiver>>(api.GET('/plans/{id}/waivers', of(plan)))).items;

/** judgeBy makes a draft use a set of rules; 0 is that of its hierarchy. */
export const judgeBy = (plan: number, set: number) =>
  answer<RuleSet>(api.PUT('/plans/{id}/rules', { ...of(plan), body: { rule_set: set } }));

/** waive excuses a unit from a rule, for a reason; without one the waiver is taken back. */
export const waive = (id: number, rule: number, unit: number, reason: string | null) =>
  reason === null
    ? done(api.DELETE('/plans/{id}/waivers/{rule}/{unit}', { params: { path: { id, rule, unit } } }))
    : done(api.PUT('/plans/{id}/waivers', { ...of(id), body: { rule, unit, reason } }));

export type NewDraft = { name: string; note: string; base: string; level?: string };

export const begin = ({ name, note, base, level }: NewDraft) =>
  answer<DraftPlan>(
    api.POST('/plans', { body: { name, base, ...(note ? { note } : {}), ...(level ? { level } : {}) } }),
  );
export const rename = (id: number, change: { name?: string; note?: string }) =>
  answer<DraftPlan>(api.PATCH('/plans/{id}', { ...of(id), body: change }));
export const abandon = (id: number) => answer<DraftPlan>(api.DELETE('/plans/{id}', of(id)));
export const restore = (id: number) => answer<DraftPlan>(api.POST('/plans/{id}/restore', of(id)));
