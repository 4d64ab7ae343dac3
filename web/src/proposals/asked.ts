// What is asked for, as the form has it: fields that nobody has touched follow the unit.
import { BARRIERS, type Barrier, type Params, type RuleSet } from './types';

export type Bounds = { min: number | null; max: number | null };

export type Asked = {
  base: string | null;
  /** undefined: micro-grids, or the lowest level below the unit. */
  level?: string;
  rebalance: boolean;
  /** undefined: what the rules of the place ask for; null within: no bound. */
  bounds?: Bounds;
  units: number | null;
  barriers: readonly Barrier[];
  divide: boolean;
  locked: readonly string[];
  limit: number | null;
  alternatives: number;
  effort: number;
  seed: number;
  weights?: Params['weights'];
};

export const FIRST: Asked = {
  base: null,
  rebalance: false,
  units: null,
  barriers: ['river', 'rail'],
  divide: false,
  locked: [],
  limit: null,
  alternatives: 3,
  effort: 1,
  seed: 0,
};

export const WEIGHTS_USUAL = { balance: 20, border: 2, compact: 0.5, moved: 5 };

/** askedOf is the form of a proposal that is asked for again. */
export function askedOf(params: Params): Asked {
  const known = (name: string): name is Barrier => (BARRIERS as readonly string[]).includes(name);
  return {
    base: params.base,
    level: params.level,
    rebalance: params.rebalance ?? false,
    bounds: { min: params.min || null, max: params.max || null },
    units: params.units || null,
    barriers: (params.barriers ?? []).filter(known),
    divide: params.divide ?? false,
    locked: params.locked ?? [],
    limit: params.limit && params.limit !== Math.floor((params.max ?? 0) / 2) ? params.limit : null,
    alternatives: params.alternatives || 3,
    effort: params.effort || 1,
    seed: params.seed ?? 0,
    weights: params.weights,
  };
}

/** paramsOf is what a form asks, with the bounds and the level that go without saying. */
export function paramsOf(asked: Asked, usual: Bounds, level: string | undefined, day: string): Params {
  const { min, max } = asked.bounds ?? usual;
  return {
    base: asked.base ?? '',
    day,
    alternatives: asked.alternatives,
    effort: asked.effort,
    seed: asked.seed,
    barriers: [...asked.barriers],
    ...(level ? { level } : {}),
    ...(asked.rebalance ? { rebalance: true, locked: [...asked.locked] } : {}),
    ...(asked.divide ? { divide: true } : {}),
    ...(asked.units ? { units: asked.units } : {}),
    ...(min ? { min } : {}),
    ...(max ? { max } : {}),
    ...(asked.limit ? { limit: asked.limit } : {}),
    ...(asked.weights ? { weights: asked.weights } : {}),
  };
}

/** wrongIn are the fields that keep a form from being sent. */
export function wrongIn(asked: Asked, usual: Bounds): string[] {
  const { min, max } = asked.bounds ?? usual;
  return [
    ...(max && min && min > max ? ['min'] : []),
    ...(!asked.rebalance && !asked.units && !max ? ['units'] : []),
  ];
}

/** boundsOf are the households that a set of rules asks of the units of a level; null when it asks for none. */
export function boundsOf(set: RuleSet, level: string | undefined): Bounds | null {
  const rule = set.rules.find((one) => one.kind === 'households' && (!one.level || one.level === level));
  return rule ? { min: rule.min || null, max: rule.max || null } : null;
}

/** usualBounds are those of the rules of a hierarchy, or 30 to 50, which many towns ask of a micro-grid; of other levels around the present mean. */
export function usualBounds(
  sets: readonly RuleSet[],
  preset: string | undefined,
  level: string | undefined,
  mean: number | null,
): Bounds {
  const set = sets.find((one) => preset !== undefined && one.presets.includes(preset));
  const asked = set && boundsOf(set, level);
  if (asked) return asked;
  if (level === undefined || level === 'micro-grid' || level === 'block' || !mean)
    return { min: 30, max: 50 };
  return { min: Math.max(1, Math.floor(mean * 0.75)), max: Math.ceil(mean * 1.25) };
}
