// The shapes of comparisons, with what may be null.
import type { components } from '../api/schema';

type Schemas = components['schemas'];
type Or<T, Null extends keyof T> = Omit<T, Null> & { [Key in Null]: T[Key] | null };

export const KINDS = [
  'split',
  'merge',
  'mixed',
  'redrawn',
  'recoded',
  'renamed',
  'reparented',
  'new',
  'ended',
] as const;
export type Kind = (typeof KINDS)[number];

export type About = Schemas['About'];
export type Figures = Schemas['Figures'];
export type Common = Schemas['Common'];
export type UnitChange = Schemas['UnitChange'];
export type Compared = Or<Schemas['Compared'], 'before' | 'after'>;
export type Duty = Or<Schemas['DutyChange'], 'before' | 'after'>;
export type Comparison = Omit<Schemas['Comparison'], 'units' | 'duties'> & {
  units: Compared[];
  duties: Duty[];
};

export type Walk = Schemas['Walk'];
export type Burden = Or<Schemas['Burden'], 'walk'>;
export type Carried = Omit<Schemas['Carried'], 'walk'> & { walk: Walk | null };
export type Impacted = Omit<Schemas['Impacted'], 'before' | 'after' | 'units'> & {
  before: Burden;
  after: Burden;
  units: Carried[];
};
export type Impact = Omit<Or<Schemas['Impact'], 'network'>, 'changes'> & { changes: Impacted[] };

export type Statistics = Schemas['Statistics'];
export type Restated = Schemas['Restated'];
export type Moved = Schemas['MovedHousehold'];
export type Units = Schemas['CollectionDrawn'];
export type Difference = Schemas['CollectionCommon'];
