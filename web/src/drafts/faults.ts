// Rules of the fault list that need no screen.
import type { Fault, FaultFeature } from '../api/types';
import { type Bounds, boundsOf } from '../map/camera';

/** Repairs that need a reason, and those that need something typed. */
export const needsReason = (repair: string) => repair === 'exclude' || repair === 'accept';
export const needsCode = (repair: string) => repair === 'rename';
export const needsParent = (repair: string) => repair === 'set_parent';
export const needsWords = (repair: string) => needsReason(repair) || needsCode(repair) || needsParent(repair);

/** filterFaults keeps those of a kind (null: all), hard ones first, then the largest. */
export function filterFaults(features: readonly FaultFeature[], kind: string | null): FaultFeature[] {
  return features
    .filter((feature) => kind === null || feature.properties.kind === kind)
    .sort(
      (a, b) =>
        Number(b.properties.hard) - Number(a.properties.hard) ||
        b.properties.area - a.properties.area ||
        (a.properties.id < b.properties.id ? -1 : 1),
    );
}

export type Limits = { area: number | null; width: number | null };

/** within are the faults that a repair of many would mend: they offer it and are small enough. */
export function within(features: readonly FaultFeature[], kind: string, repair: string, limits: Limits) {
  return features.filter(({ properties: fault }) => {
    if (fault.kind !== kind || !(fault.repairs ?? []).includes(repair)) return false;
    const small = limits.area === null || limits.area <= 0 || fault.area <= limits.area;
    const narrow = limits.width === null || limits.width <= 0 || fault.width <= limits.width;
    return small && narrow;
  });
}

/** commonRepairs are what all faults of a kind offer together, the most recommended first. */
export function commonRepairs(features: readonly FaultFeature[], kind: string): string[] {
  const lists = features
    .filter(({ properties }) => properties.kind === kind)
    .map((f) => f.properties.repairs ?? []);
  const all = [...new Set(lists.flat())].filter((repair) => !needsCode(repair) && !needsParent(repair));
  const offers = (repair: string) => lists.filter((list) => list.includes(repair)).length;
  const firsts = (repair: string) => lists.filter((list) => list[0] === repair).length;
  return all.sort((a, b) => firsts(b) - firsts(a) || offers(b) - offers(a) || (a < b ? -1 : 1));
}

/** placeOf is the box to look at for a fault; null for one that has no place on the map. */
export const placeOf = (feature: FaultFeature): Bounds | null =>
  feature.geometry ? boundsOf(feature.geometry.coordinates) : null;

/** whatOf are the codes a fault is about, as text. */
export const whatOf = (fault: Fault): string =>
  (fault.codes ?? []).join(' · ') || fault.place || fault.parent;
