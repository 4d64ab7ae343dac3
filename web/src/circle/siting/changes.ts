// Suppositions about points: what the next run shall think different.
import type { LonLat } from '../../api/types';
import { setChoice, useChoice } from '../choice';
import type { Change, Column, Params, Run } from '../types';
import type { FoundSite } from './queries';

/** What a point offers that nobody has built yet, and of which tier it is. */
export type Offer = { functions: readonly string[]; tier: string };

/** The tier of a new point, unless a run counts other tiers only. */
const USUAL_TIER = 'point';

/**
 * offerOf is a new point that counts in columns: their functions, of a tier that they
 * look at. A column that takes any function takes every one of the known.
 */
export function offerOf(columns: readonly Column[], known: readonly { code: string }[]): Offer {
  const asked = new Set(columns.map((column) => column.function).filter((code) => code !== ''));
  const tiers = columns.flatMap((column) => column.tiers ?? []);
  const all = columns.some((column) => (column.tiers ?? []).length === 0);
  return {
    functions: asked.size > 0 ? [...asked] : known.map((one) => one.code),
    tier: all || tiers.includes(USUAL_TIER) ? USUAL_TIER : (tiers[0] ?? USUAL_TIER),
  };
}

/** newPoint adds a point at a place; on a candidate, its id. */
export const newPoint = (at: LonLat, name: string, offer: Offer, candidate = 0): Change => ({
  do: 'add',
  at: [...at],
  name,
  functions: [...offer.functions],
  tier: offer.tier,
  candidate,
});

/** ofSites are the changes that a found choice of sites stands for: the new ones only. */
export const ofSites = (sites: readonly FoundSite[], offer: Offer): Change[] =>
  sites.flatMap((site) => {
    const [lon, lat] = site.at ?? [];
    if (site.rank === 0 || lon === undefined || lat === undefined) return [];
    return [newPoint([lon, lat], site.name, offer, site.candidate)];
  });

const same = (a: Change, b: Change) => JSON.stringify(a) === JSON.stringify(b);

/** withChanges adds changes, none of them twice; a point is changed only once, by the newest. */
export const withChanges = (old: readonly Change[], more: readonly Change[]): Change[] => {
  const points = new Set(more.map((change) => change.point ?? 0).filter((point) => point > 0));
  const kept = old.filter(
    (change) => !points.has(change.point ?? 0) && !more.some((other) => same(change, other)),
  );
  return [...kept, ...more];
};

/** suppose adds to what the next run thinks different. */
export const suppose = (more: readonly Change[]): void =>
  setChoice({ changes: withChanges(useChoice.getState().changes, more) });

/** drop takes one away again. */
export const drop = (change: Change): void =>
  setChoice({ changes: useChoice.getState().changes.filter((other) => other !== change) });

/**
 * supposing asks what a run has asked, with other suppositions and nothing else different:
 * so what the two differ in comes of the suppositions. It is compared with things as they
 * are, which a run with suppositions was itself compared with.
 */
export const supposing = (run: Pick<Run, 'id' | 'params'>, changes: readonly Change[]): Params => ({
  ...run.params,
  changes: [...changes],
  before: ((run.params.changes ?? []).length > 0 && run.params.before) || run.id,
});
