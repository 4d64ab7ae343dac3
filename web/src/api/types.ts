// Short names for the shapes of the API. The shapes are generated; here stands
// only what the description leaves open: objects that may be null, and reports
// that are stored as they were written.
import type { components } from './schema';

type Schemas = components['schemas'];
type Or<T, Null extends keyof T> = Omit<T, Null> & { [Key in Null]: T[Key] | null };

/** A place on the ground in degrees: longitude, latitude. */
export type LonLat = [number, number];

export type Status = Or<Schemas['Status'], 'town'>;
export type Level = Schemas['Level'];
export type Preset = Schemas['Preset'];
/** Counts that the server may hide (null), so that no small one can be worked out. */
type Counted = 'households' | 'incidents_open';
export type Unit = Or<Schemas['UnitRow'], Counted>;
export type UnitDetail = Or<Schemas['UnitDetail'], 'residents' | Counted>;
export type Ancestor = Schemas['Ancestor'];
export type AgeBands = Partial<Schemas['Ages']>;
export type Place = Or<Schemas['Answer'], 'unit' | 'border'>;
export type SearchHit = Omit<Schemas['Hit'], 'kind' | 'point'> & { kind: string; point: number[] | null };
export type Household = Or<Schemas['Household'], 'point' | 'ages'>;
export type Incident = Or<Schemas['Incident'], 'point'>;
export type Plan = Or<Schemas['Plan'], 'bbox'>;
export type Fault = Schemas['Fault'];
export type FaultFeature = { type: 'Feature'; geometry: { coordinates?: unknown } | null; properties: Fault };
export type Inspection = Schemas['UploadLook'];
export type Problem = Schemas['Problem'];

/** A service point with its state on the day asked for. */
export type ServicePoint = Schemas['ServicePoint'] &
  Schemas['ServicePointEdit'] & { id: number; state: string; unit: string };

/** What the guard made of the declared reference system. */
export type Verdict = { result: string; looks_like?: string; why: string; why_zh: string };

/** What became of each row of a ledger. */
export type Report = {
  rows: number;
  new: number;
  changed: number;
  unchanged: number;
  outside: number;
  unplaced: number;
  matched?: number;
  refused: number;
  kept_place?: number;
  absent: number;
  closed?: number;
  dropped_columns: { column: string; reason: string }[] | null;
  unknown_columns?: string[] | null;
  refusals: Refusal[] | null;
  absent_ids: string[] | null;
  dry_run?: boolean;
};

/** A row that was not taken, and why. */
export type Refusal = {
  line: number;
  column: string;
  field: string;
  value?: string;
  reason_code: string;
  reason: string;
  reason_zh: string;
};

export type Upload = Omit<Schemas['Upload'], 'guard' | 'report'> & {
  guard: Verdict | null;
  report: unknown;
};

export type Job = Omit<Schemas['Job'], 'result' | 'problem'> & {
  result: { upload_id?: number; plan_id?: number; report?: unknown } | null;
  problem: Problem | null;
};
