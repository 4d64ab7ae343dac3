// What the kinds of rules have, as the server checks it (geo/rule).
import type { Kind, Rule } from './queries';

export const KINDS = [
  'households',
  'people',
  'split',
  'area',
  'compactness',
  'walk',
  'contiguous',
  'inside',
  'compounds',
  'barriers',
  'staffing',
] as const satisfies readonly Kind[];

type Bounds = { min: boolean; max: boolean; most: number; whole?: boolean; needed?: boolean };

/** Which bounds a kind has, how large they may be, and whether one is needed. */
export const BOUNDS: Record<Kind, Bounds> = {
  households: { min: true, max: true, most: 1e9, whole: true, needed: true },
  people: { min: true, max: true, most: 1e9, whole: true, needed: true },
  split: { min: false, max: true, most: 1e9, whole: true, needed: true },
  area: { min: true, max: true, most: 1e9, needed: true },
  compactness: { min: true, max: false, most: 1, needed: true },
  walk: { min: false, max: true, most: 1440, needed: true },
  contiguous: { min: false, max: false, most: 0 },
  inside: { min: false, max: true, most: 1e9, needed: true },
  compounds: { min: false, max: true, most: 50, needed: true },
  barriers: { min: false, max: true, most: 1e9, needed: true },
  staffing: { min: false, max: false, most: 0 },
};

/** fresh is a new rule of a kind, with bounds that it may have. */
export function fresh(kind: Kind): Rule {
  const { min, max, most } = BOUNDS[kind];
  const bounds: Partial<Record<Kind, Partial<Rule>>> = {
    households: { min: 30, max: 50 },
    people: { max: 200 },
    split: { max: 3000 },
    area: { max: 1 },
    compactness: { min: 0.2 },
    walk: { max: 15 },
    inside: { max: 1 },
    compounds: { max: 1 },
    barriers: { max: 50 },
  };
  return { kind, hard: false, waivable: true, ...(min || max || most ? bounds[kind] : {}) };
}

export type Wrong = 'bound' | 'range' | 'whole' | 'order' | 'texts' | 'needs';

/** wrong is what the server would refuse of a rule; null when it is right. */
export function wrong(rule: Rule): Wrong | null {
  const { min, max, most, whole, needed } = BOUNDS[rule.kind];
  const bounds = [min ? rule.min : undefined, max ? rule.max : undefined].filter((one) => one !== undefined);
  if (needed && bounds.length === 0) return 'bound';
  if (bounds.some((one) => !(one >= 0 && one <= most))) return 'range';
  if (whole && bounds.some((one) => !Number.isInteger(one))) return 'whole';
  if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max) return 'order';
  if (!rule.text_zh?.trim() !== !rule.text_en?.trim()) return 'texts';
  const bad = (rule.needs ?? []).some(
    (need) => need.kinds.length === 0 || !(need.min >= 1) || !need.title_zh.trim() || !need.title_en.trim(),
  );
  return bad ? 'needs' : null;
}

/** sent is a rule as it is sent: without what the server makes of it, and what its kind does not have. */
export function sent({ zh: _, en: __, ...rule }: Rule): Rule {
  const { min, max } = BOUNDS[rule.kind];
  const out: Rule = { ...rule };
  if (!min) delete out.min;
  if (!max) delete out.max;
  if (rule.kind !== 'households' && rule.kind !== 'split') delete out.occupied;
  if (rule.kind !== 'staffing') delete out.needs;
  return out;
}
