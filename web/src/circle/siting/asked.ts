// What a search for sites asks. The form keeps all of it, so that nothing is lost when
// one tries another model; what a model does not take stays at home.
import type { Age } from '../ages';
import type { MODELS, Search } from './queries';

export type Model = (typeof MODELS)[number];

export type Asked = {
  model: Model;
  /** Any place instead of candidates. */
  anywhere: boolean;
  /** Of candidates: these kinds; none are all. */
  kinds: readonly string[];
  /** Of candidates: these, with their names; none are all. */
  only: readonly { value: number; label: string }[];
  stepFree: boolean;
  /** How many new points; 0 leaves it to the budget or to the points that move. */
  sites: number;
  /** In yuan; 0 is no limit. */
  budget: number;
  capacities: boolean;
  existing: Search['existing'];
  /** How many standing points may move. */
  moves: number;
  weights: Search['weights'];
  /** Of people; none are everybody. */
  ages: readonly Age[];
  effort: number;
  seed: number;
};

export const FIRST: Asked = {
  model: 'mclp',
  anywhere: false,
  kinds: [],
  only: [],
  stepFree: false,
  sites: 3,
  budget: 0,
  capacities: false,
  existing: 'keep',
  moves: 1,
  weights: 'households',
  ages: [],
  effort: 1,
  seed: 0,
};

/** existingOf is what may happen to the points that stand: to cover everybody none of them moves. */
export const existingOf = (model: Model): readonly Search['existing'][] =>
  model === 'lscp' ? ['keep', 'ignore'] : ['keep', 'move', 'ignore'];

/** takes tells which limits mean something together, as the server sees it. */
export function takes({ model, anywhere }: Pick<Asked, 'model' | 'anywhere'>) {
  const sums = model === 'mclp' || model === 'p-median';
  // Nobody knows what any place costs.
  return { sites: model !== 'lscp', budget: sums && !anywhere, capacities: sums };
}

/** searchOf is the search that a form asks, for a column of a run. */
export function searchOf(asked: Asked, circle: number, column: number): Search {
  const { model, anywhere, weights } = asked;
  const taken = takes(asked);
  const existing = existingOf(model).find((one) => one === asked.existing) ?? 'keep';
  return {
    circle,
    column,
    model,
    anywhere,
    ...(anywhere
      ? {}
      : {
          kinds: [...asked.kinds],
          candidates: asked.only.map(({ value }) => value),
          step_free: asked.stepFree,
        }),
    sites: taken.sites ? Math.max(leastSites(asked), asked.sites) : 0,
    budget: taken.budget ? asked.budget : 0,
    capacities: taken.capacities && asked.capacities,
    existing,
    moves: existing === 'move' ? asked.moves : 0,
    weights,
    ages: weights === 'people' ? [...asked.ages] : [],
    effort: asked.effort,
    seed: asked.seed,
  };
}

/** leastSites is the smallest number of new points: none where a budget or moves decide. */
export const leastSites = (asked: Asked): number =>
  (takes(asked).budget && asked.budget > 0) || asked.existing === 'move' ? 0 : 1;
