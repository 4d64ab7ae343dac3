import type { Household } from '../api/types';

type Addressed = Pick<
  Household,
  'address' | 'compound' | 'building' | 'stairwell' | 'doorplate' | 'source_id'
>;

/** addressOf is the written address, else what its parts say, else the id in its source. */
export function addressOf(household: Addressed): string {
  const parts = [household.compound, household.building, household.stairwell, household.doorplate];
  return household.address || parts.filter(Boolean).join(' ') || household.source_id;
}
