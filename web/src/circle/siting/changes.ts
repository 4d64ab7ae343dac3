// Suppositions about points: what the next run shall think different.
import type { LonLat } from '../../api/types';
import { setChoice, useChoice } from '../choice';
import type { Change, Params, Run } from '../types';
import type { FoundSite } from './queries';

/** supposeNew adds a point at a place. Without functions it offers what the run asks for. */
export const newPoint = (at: LonLat, name: string, functions: readonly string[], candidate = 0): Change => ({
  do: 'add',
  at: [...at],
  name,
  functions: [...functions],
  candidate,
});

/** ofSites are the changes that a found choice of sites stands for: the new ones only. */
export const ofSites = (sites: readonly FoundSite[], functions: readonly string[]): Change[] =>
  sites.flatMap((site) => {
    const [lon, lat] = site.at ?? [];
    if (site.rank === 0 || lon === undefined || lat === undefined) return [];
    return [newPoint([lon, lat], site.name, functions, site.candidate)];
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

/** functionsOf are the functions that a run asks for; none where it asks for any. */
export const functionsOf = (params: Params): string[] => [
  ...new Set(params.columns.map((column) => column.function).filter((code) => code !== '')),
];

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
