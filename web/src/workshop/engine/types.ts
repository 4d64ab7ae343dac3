// What the engine (cmd/engine, package loom) is asked and answers.
import type { LonLat } from '../../api/types';

export type Area = LonLat[][][];

/** An operation of package topology, with places in degrees. */
export type Op =
  | { kind: 'move_point'; at: LonLat; to: LonLat }
  | { kind: 'add_point'; edge: [LonLat, LonLat]; to: LonLat }
  | { kind: 'delete_point'; at: LonLat }
  | { kind: 'move_border'; edge: [LonLat, LonLat]; at: LonLat; to: LonLat }
  | { kind: 'reshape'; line: LonLat[] }
  | { kind: 'split'; line: LonLat[]; units: [number]; into: number; at?: LonLat }
  | { kind: 'merge'; units: number[]; into: number }
  | { kind: 'transfer'; area: Area; units?: number[]; into: number };

/** The id of the land that no unit has. */
export const UNCLAIMED = 0;

/** A unit's land and its measures; one that is gone has none. */
export type Piece = { id: number; area: Area | null; area_m2: number; compactness: number };

/** Why something was not done, and where. */
export type Refusal = { code: string; title: string; detail: string; at: LonLat | null };

/** A place on a border. */
export type Near = {
  at: LonLat;
  vertex: boolean;
  edge: LonLat[];
  junction: boolean;
  rim: boolean;
  units: number[];
  away: number;
};

export type BorderPoint = { at: LonLat; junction: boolean; rim: boolean };

/** What became of a unit's land at the server. */
export type Change = { id: number; before: Area | null; after: Area | null };

export type Settled = { pieces: Piece[]; dropped: { key: string; reason: Refusal }[] };

/** The questions, with what they are asked with and what is answered. */
export type Questions = {
  weave: [{ rim: Area; units: { id: number; area: Area; locked: boolean }[] }, Piece[]];
  lock: [{ units: readonly number[]; locked: boolean }, null];
  try: [Op, Piece[]];
  do: [{ key: string; op: Op }, Piece[]];
  settle: [{ key: string; changes: Change[][] }, Settled];
  border: [{ edge: [LonLat, LonLat] }, LonLat[]];
  near: [{ at: LonLat; reach: number }, Near | null];
  snap: [{ at: LonLat; reach: number; lines: LonLat[][] }, LonLat | null];
  points: [{ units: readonly number[] }, BorderPoint[][]];
};

export type What = keyof Questions;
export type Answer<A> = { is: A } | { refused: Refusal };

/** Refused is a refusal as an exception. */
export class Refused extends Error {
  readonly reason: Refusal;

  constructor(reason: Refusal) {
    super(reason.title);
    this.name = 'Refused';
    this.reason = reason;
  }
}
