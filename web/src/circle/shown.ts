// What the map, the legend, the table and the charts show together: the rows of the
// level, the measure, its classes and their colours. Worked out once.
import { createContext, useContext, useMemo } from 'react';
import { useTheme } from '../theme/theme';
import { type Class, classesOf, classOf, divergingLimits, limitsOf, type Method } from './classes';
import { COMPARED, MEANING, type Measure, measured, stepOf } from './measures';
import { useChange, useDemandSets, useRunLevel, useShownRun, useUnitRows } from './queries';
import { colours } from './ramp';
import type { Column, Difference, Run, UnitRow } from './types';
import { type CircleView, useCircleView } from './view';

/** A unit with the value it is coloured by; null when there is none to show. */
export type Coloured = {
  unit: string;
  name: string;
  value: number | null;
  class: number | null;
  hidden: boolean;
  rounded: boolean;
};

export type Shown = {
  view: CircleView;
  run: Run | undefined;
  column: number;
  asked: Column | undefined;
  level: string | null;
  /** What the households of a run are: those of a demand set without any are its heads. */
  counts: 'households' | 'heads';
  /** Whether people say the same as households do. */
  doubled: boolean;
  /** The other run, if two are compared. */
  before: number | null;
  rows: readonly UnitRow[];
  changes: readonly Difference[];
  /** Whether the colours are of a difference between two runs. */
  differs: boolean;
  by: Measure;
  /** How the classes were made: as the reader chose, or as the figures suggest. */
  method: Method;
  step: number;
  limits: readonly number[];
  classes: readonly Class[];
  colours: readonly string[];
  units: readonly Coloured[];
  pending: boolean;
  error: unknown;
  retry: () => void;
};

const isCompared = (measure: Measure): measure is (typeof COMPARED)[number] =>
  (COMPARED as readonly Measure[]).includes(measure);

/** useShownState works out what is shown; the page does it once and hands it down. */
export function useShownState(): Shown {
  const [view] = useCircleView();
  const { theme } = useTheme();
  const { run, column, asked } = useShownRun();
  const level = useRunLevel(run);
  const units = useUnitRows(run, column, level);
  const demand = run?.params.demand ?? 0;
  const set = useDemandSets(demand > 0).data?.find((one) => one.id === demand);
  const counts = set?.households === 0 ? 'heads' : 'households';
  const doubled = counts === 'heads' && (asked?.ages ?? []).length === 0;
  const before = view.before ?? (run?.params.before || null);
  const change = useChange(run, before, column, level);
  return useMemo(() => {
    const rows = run?.state === 'done' ? (units.data ?? []) : [];
    const changes = run?.state === 'done' ? (change.data ?? []) : [];
    const compares = view.side !== 'after' && changes.length > 0;
    const unknown = (compares && !isCompared(view.by)) || (doubled && view.by === 'share_people');
    const by = unknown ? 'share' : view.by;
    const colour = colourUnits({ ...view, by, side: compares ? view.side : 'after' }, rows, changes);
    const ramp = colour.differs ? 'difference' : MEANING[by].ramp;
    return {
      view,
      run,
      column,
      asked,
      level,
      counts,
      doubled,
      before,
      rows,
      changes,
      by,
      ...colour,
      colours: oriented(ramp, by, colour.classes.length, theme),
      pending: run?.state === 'done' && (units.isPending || units.isPlaceholderData),
      error: units.error ?? change.error,
      retry: () => {
        units.refetch();
        if (change.isError) change.refetch();
      },
    };
  }, [view, theme, run, column, asked, level, counts, doubled, before, units, change]);
}

/** oriented turns the ramp of differences round for minutes: there, more is worse. */
function oriented(
  ramp: Parameters<typeof colours>[0],
  by: Measure,
  count: number,
  theme: Parameters<typeof colours>[2],
): string[] {
  const found = colours(ramp, count, theme);
  return ramp === 'difference' && MEANING[by].ramp === 'lack' ? found.reverse() : found;
}

/**
 * colourUnits puts units into classes. Of two runs, before and after share their
 * classes, so that the same colour means the same in both.
 */
export function colourUnits(
  view: Pick<CircleView, 'by' | 'side' | 'method' | 'classes' | 'limits'>,
  rows: readonly UnitRow[],
  changes: readonly Difference[],
): Pick<Shown, 'differs' | 'method' | 'step' | 'limits' | 'classes' | 'units'> {
  const { by, side } = view;
  const differs = side === 'difference';
  const rounded = rows.some((row) => row.rounded) || changes.some((row) => row.after.rounded);
  const step = stepOf(by, rounded);
  const plain: Omit<Coloured, 'class'>[] =
    side === 'after'
      ? rows.map((row) => ({
          ...about(row),
          hidden: row.hidden,
          rounded: row.rounded,
          value: measured(row, by),
        }))
      : changes.map((row) => {
          const shown = side === 'before' ? row.before : row.after;
          return {
            ...about(row),
            hidden: shown.hidden || (differs && row.before.hidden),
            rounded: shown.rounded,
            value: differs ? differenceOf(row, by) : measured(shown, by),
          };
        });
  const values = plain.flatMap((unit) => unit.value ?? []);
  const pool =
    changes.length > 0 && !differs
      ? changes
          .flatMap((row) => [measured(row.before, by), measured(row.after, by)])
          .filter((v) => v !== null)
      : values;
  const cut = (method: Method) =>
    differs
      ? divergingLimits(values, method, view.classes, step, view.limits)
      : limitsOf(pool, method, view.classes, step, view.limits);
  // Where most figures are alike, quantiles fall together and give fewer classes than were asked for.
  const method = view.method ?? (cut('equal').length > cut('quantile').length ? 'equal' : 'quantile');
  const limits = cut(method);
  return {
    differs,
    method,
    step,
    limits,
    classes: classesOf(values, limits, step),
    units: plain.map((unit) => ({
      ...unit,
      class: unit.value === null ? null : classOf(unit.value, limits, step),
    })),
  };
}

const about = ({ unit, name }: { unit: string; name: string }) => ({ unit, name });

/** differenceOf is after minus before; null when one of them is hidden, or not compared. */
export const differenceOf = (row: Difference, by: Measure): number | null =>
  isCompared(by) ? row[by] : null;

const ShownContext = createContext<Shown | null>(null);
export const ShownProvider = ShownContext.Provider;

/** useShown is what the page shows. The parts of the panel read the run, the column and its rows here. */
export function useShown(): Shown {
  const shown = useContext(ShownContext);
  if (!shown) throw new Error('no circle around this part of the page');
  return shown;
}
