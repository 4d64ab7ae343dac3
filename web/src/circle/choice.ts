// What the next run shall answer: what the panel shows and "compute" sends. It starts
// from the run on show, so that "the same again" and "the same at 10 minutes" are one
// press; what differs from that run is said beside it.
import { create } from 'zustand';
import { sameStandard } from './standard';
import type { Change, Column, Params, Standard, When } from './types';

export type Choice = {
  title: string;
  /** The unit whose households count; "" is the whole area of the reader's posts. */
  unit: string;
  functions: readonly string[];
  /** None are all. */
  tiers: readonly string[];
  standard: Standard;
  /** null: any hour. */
  when: When | null;
  /** Count what is offered only now and then: sessions and the stops of mobile points. */
  sessions: boolean;
  /** At an hour: leave out points whose hours are not known. */
  hoursKnown: boolean;
  /** Whose heads count as people; none are everybody's. */
  ages: readonly string[];
  /** The date of units, households and points; null is today. */
  on: string | null;
  /** A demand set; 0 is the ledger of households. */
  demand: number;
  k: number;
  measures: readonly string[];
  /** The draft whose units are counted by; 0 are those in force. */
  plan: number;
  /** Points thought to be different: added, moved, closed, open at other hours. */
  changes: readonly Change[];
};

export const FIRST: Choice = {
  title: '',
  unit: '',
  functions: [],
  tiers: [],
  standard: { minutes: 15, metres: 1000, speed: 4000, profile: 'adult', slope: false, code: 'gb50180' },
  when: null,
  sessions: false,
  hoursKnown: false,
  ages: [],
  on: null,
  demand: 0,
  k: 3,
  measures: ['choices'],
  plan: 0,
  changes: [],
};

export const useChoice = create<Choice>(() => FIRST);

export const setChoice = (change: Partial<Choice>): void => useChoice.setState(change);

/** paramsOf is what a choice asks: a column for each function, or one for any. */
export function paramsOf(choice: Choice, before: number | null): Params {
  const functions = choice.functions.length === 0 ? [''] : choice.functions;
  const columns: Column[] = functions.map((code) => ({
    function: code,
    tiers: [...choice.tiers],
    standard: choice.standard,
    ...(choice.when ? { when: choice.when } : {}),
    sessions: choice.when === null && choice.sessions,
    hours_known: choice.hoursKnown,
    ages: [...choice.ages],
  }));
  return {
    title: choice.title.trim(),
    unit: choice.unit,
    ...(choice.on ? { on: choice.on } : {}),
    columns,
    demand: choice.demand,
    plan: choice.plan,
    changes: [...choice.changes],
    k: choice.k,
    measures: [...choice.measures],
    before: before ?? 0,
  };
}

/** choiceOf is the choice that asks what a run has answered; of different columns, the one given. */
export function choiceOf(params: Params, column: number): Choice {
  const first = params.columns[column] ?? params.columns[0];
  const like = params.columns.filter((one) => first && sameBut(one, first));
  return {
    title: params.title ?? '',
    unit: params.unit ?? '',
    functions: like.map((one) => one.function).filter((code) => code !== ''),
    tiers: first?.tiers ?? [],
    standard: first?.standard ?? FIRST.standard,
    when: first?.when ?? null,
    sessions: first?.sessions ?? false,
    hoursKnown: first?.hours_known ?? false,
    ages: first?.ages ?? [],
    on: params.on ?? null,
    demand: params.demand ?? 0,
    k: params.k || 1,
    measures: params.measures ?? [],
    plan: params.plan ?? 0,
    changes: params.changes ?? [],
  };
}

/** basisOf is what a choice is compared with: the same by the units and points of today. */
export const basisOf = (choice: Choice): Choice => ({ ...choice, plan: 0, changes: [] });

/** sameBut reports whether two columns differ in nothing but the function. */
const sameBut = (a: Column, b: Column) => key({ ...a, function: '' }) === key({ ...b, function: '' });

const key = (column: Column) => {
  const { minutes, metres, speed, profile, slope } = column.standard;
  return JSON.stringify([
    column.function,
    [...(column.tiers ?? [])].sort(),
    [minutes, metres, speed, profile, slope],
    column.when ? [column.when.weekday, column.when.time] : null,
    column.sessions ?? false,
    column.hours_known ?? false,
    [...(column.ages ?? [])].sort(),
  ]);
};

const hours = ({ when, sessions, hoursKnown }: Choice) =>
  [when?.weekday, when?.time, when === null && sessions, hoursKnown].join();

export type Differing =
  | 'functions'
  | 'tiers'
  | 'standard'
  | 'when'
  | 'people'
  | 'on'
  | 'area'
  | 'plan'
  | 'points';

/** differing names in what a choice asks something else than a run has answered. */
export function differing(choice: Choice, params: Params, column: number): Differing[] {
  const answered = choiceOf(params, column);
  const set = (list: readonly string[]) => [...list].sort().join();
  const found: [Differing, boolean][] = [
    ['functions', set(choice.functions) !== set(answered.functions)],
    ['tiers', set(choice.tiers) !== set(answered.tiers)],
    ['standard', !sameStandard(choice.standard, answered.standard)],
    ['when', hours(choice) !== hours(answered)],
    ['people', choice.demand !== answered.demand || set(choice.ages) !== set(answered.ages)],
    ['on', choice.on !== null && choice.on !== answered.on],
    ['area', choice.unit !== answered.unit],
    ['plan', choice.plan !== answered.plan],
    ['points', JSON.stringify(choice.changes) !== JSON.stringify(answered.changes)],
  ];
  return found.filter(([, differs]) => differs).map(([what]) => what);
}
