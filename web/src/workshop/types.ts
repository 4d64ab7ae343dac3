// What the workshop is told by the server, in its shapes.
import type { components } from '../api/schema';
import type { LonLat, Plan } from '../api/types';
import type { Area, Op } from './engine/types';

export type Role = 'part' | 'parent' | 'excluded' | 'unclaimed';

/** A row of a draft; its id is its identity through renames. */
export type Row = {
  id: number;
  role: Role;
  code: string;
  name: string;
  parent: string;
  locked: boolean;
  area: Area | null;
};

export type RowChange = { id: number; before: Row | null; after: Row | null };

/** An edit is an operation of the topology, or one on names, parents and locks. */
export type Edit =
  | Op
  | { kind: 'name'; units: [number]; code?: string; name?: string }
  | { kind: 'parent'; units: number[]; parent: string }
  | { kind: 'lock' | 'unlock'; units: number[] }
  | { kind: 'number' | 'drop'; units: number[] }
  | { kind: 'above'; name?: string; code?: string; parent?: string };

export type EditKind = Edit['kind'];

export type DraftPlan = Plan;

export type Division = {
  plan: DraftPlan;
  rim: Area;
  next: number;
  units: Row[];
  parents: { code: string; name: string }[];
  /** Codes of the units that new units above may lie in. */
  tops: string[];
};

/** Land that is picked as a whole. */
export type Atom = { kind: 'block' | 'building' | 'compound' | 'village'; area_m2: number; area: Area };
export type Grain = 'block' | 'building';

/** A set of local rules, and one of its rules. */
export type RuleSet = components['schemas']['Set'];

export type Waiver = { rule: number; ordinal: number; reason: string; by: string; at: string };

export type Step = {
  seq: number;
  edit: Edit;
  units: number[];
  state: 'done' | 'undone';
  actor: string;
  at: string;
};

/** What a unit comes to; null is not known, or not for this reader. */
export type Fact = {
  ordinal: number;
  code: string;
  name: string;
  area: number;
  compactness: number;
  pieces: number;
  households: number | null;
  people: number | null;
  incidents: number | null;
  minutes: number | null;
  posts: { kind: string; all: number; held: number }[];
};

/** A rule that a unit breaks. */
export type Finding = {
  rule: number;
  kind: string;
  ordinal: number;
  code: string;
  hard: boolean;
  waivable: boolean;
  zh: string;
  en: string;
  at: LonLat;
  waiver?: { reason: string; by: string; at: string };
};

export type Standing = { facts: Fact[]; in_force: Fact[]; findings: Finding[]; rule_set: RuleSet };

export type Edited = {
  revision: number;
  head: number;
  step: Step | null;
  rebased: boolean;
  changed: RowChange[];
  missed: RowChange[];
  /** Of the units that changed and some of their neighbours, with the rules that these break. */
  facts: Fact[] | null;
  findings: Finding[] | null;
};

export type Other = { name: string; at: LonLat | null; unit: number | null; seen_at: string };

export type Turn = 'undo' | 'redo';

/** isOp reports whether an edit is one of the topology, which the engine can make. */
export const isOp = (edit: Edit): edit is Op => !WORDS.includes(edit.kind);
const WORDS = ['name', 'parent', 'lock', 'unlock', 'number', 'above', 'drop'];
