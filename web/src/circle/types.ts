// Short names for the shapes of the circle's API. The shapes are generated; here
// stands only what the description leaves open.
import type { components } from '../api/schema';

type Schemas = components['schemas'];

/** A standard; speed in metres an hour, metres 0 where minutes alone decide. */
export type Standard = Required<Omit<Schemas['Standard'], 'code' | 'profile'>> & {
  code?: string;
  profile: string;
};

/** A standard that has a name, and where it comes from. */
export type Preset = Standard & { code: string; title_zh: string; title_en: string; source: string };

export type When = Schemas['When'];

export type Column = Omit<Schemas['Column'], 'standard' | 'function' | 'ages' | 'tiers'> & {
  /** "" is any. */
  function: string;
  standard: Standard;
  tiers?: string[] | null;
  ages?: string[] | null;
};

export type Change = Schemas['Change'];

export type Params = Omit<Schemas['Params'], 'columns' | 'changes' | 'measures'> & {
  columns: Column[];
  changes?: Change[] | null;
  measures?: string[] | null;
};

export type Inputs = Schemas['Inputs'];

export type Reach = Schemas['Reach'];
export type UnitRow = Schemas['CircleUnitRow'];
export type CellRow = Schemas['CellRow'];
export type PointRow = Schemas['PointRow'];
export type Minute = Schemas['Minute'];
export type Curve = Schemas['Curve'];
export type HouseholdRow = Schemas['CircleHousehold'];
export type Difference = Schemas['Difference'];

export type Run = Omit<Schemas['Run'], 'params' | 'inputs' | 'totals' | 'stale_because'> & {
  params: Params;
  /** null or absent until it is done. */
  inputs?: Inputs | null;
  totals: UnitRow[] | null;
  stale_because: string[] | null;
};
