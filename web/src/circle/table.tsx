// The units of the level as a table, or two runs side by side. Pointing at a row shows
// the unit on the map and in the charts; pressing its name goes there.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useUnit } from '../api/queries';
import { useLanguage } from '../common/format';
import { Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { asBounds, goToBounds } from '../map/camera';
import { useView } from '../view/url';
import { pointAt, useLinked } from './linked';
import { COMPARED, compare, type Measure } from './measures';
import { differenceOf, useShown } from './shown';
import type { Difference, Reach, UnitRow } from './types';
import { useCircleView } from './view';
import { Figure, useAbout, useCounted, useDifference, useMeasureName, useNumbers } from './words';

export default function UnitTable() {
  const { t } = useTranslation();
  const { rows, changes, view, pending } = useShown();
  if (pending && rows.length === 0) return <Loading rows={6} />;
  if (rows.length === 0) return <Nothing title={t('units.none')} />;
  return view.side !== 'after' && changes.length > 0 ? <Changes rows={changes} /> : <Units rows={rows} />;
}

const MEASURED = [
  'share',
  'share_people',
  'p50',
  'p90',
  'worst_decile',
] as const satisfies readonly Measure[];

function Units({ rows }: { rows: readonly UnitRow[] }) {
  const { t } = useTranslation();
  const { run, doubled } = useShown();
  const name = useMeasureName();
  const measures = MEASURED.filter((measure) => !doubled || measure !== 'share_people');
  const asked = (run?.params.measures ?? []).filter((one) => one === 'choices' || one === 'catchment');
  const columns: Column<UnitRow>[] = [
    useNameColumn<UnitRow>(),
    ...useCounts(),
    ...[...measures, ...asked].map((measure) => ({
      key: measure,
      title: name(measure),
      figures: true,
      compare: compare<UnitRow>(measure),
      cell: (row: UnitRow) => <Figure row={row} measure={measure} />,
    })),
    {
      key: 'points',
      title: t('circle.table.points'),
      figures: true,
      compare: (a, b) => a.points - b.points,
      cell: (row) =>
        row.hours_unknown > 0
          ? t('circle.table.pointsUnknown', { count: row.points, unknown: row.hours_unknown })
          : row.points,
    },
  ];
  return <Linked label={t('circle.dock.table')} columns={columns} rows={rows} />;
}

/** useCounts are households, people, and those of them who are not covered. */
function useCounts(): Column<UnitRow>[] {
  const numbers = useNumbers();
  const about = useAbout();
  const counted = useCounted();
  const { doubled } = useShown();
  const all: [string, (row: Reach) => number][] = [
    ['households', (row) => row.households],
    ['people', (row) => row.people],
    ['uncovered', (row) => row.households - row.covered],
    ['uncoveredPeople', (row) => row.people - row.covered_people],
  ];
  const shown = all.filter(([key]) => !doubled || key === 'households' || key === 'uncovered');
  return shown.map(([key, of]) => ({
    key,
    title: counted(`circle.table.${key as 'households'}`),
    figures: true,
    compare: (a, b) => of(a) - of(b),
    cell: (row) => {
      if (row.hidden || key === 'uncovered') return <Figure row={row} measure="uncovered" />;
      if (key === 'households' || !row.rounded) return numbers(of(row));
      // Published heads, and a part of them that follows from a rounded share.
      if (row.share_people === null) return <Figure row={row} measure="share_people" />;
      return key === 'people' ? numbers(of(row)) : about(of(row));
    },
  }));
}

/** Changes is before, after and the difference: who gains, and whether the worst off do. */
function Changes({ rows }: { rows: readonly Difference[] }) {
  const { t } = useTranslation();
  const write = useDifference();
  const name = useMeasureName();
  const { doubled } = useShown();
  const difference = (row: Difference, by: (typeof COMPARED)[number]) => {
    const value = differenceOf(row, by);
    return value === null ? '–' : write(value, by, row.after.rounded);
  };
  const columns: Column<Difference>[] = [
    useNameColumn<Difference>(),
    ...COMPARED.filter((by) => !doubled || by !== 'share_people').flatMap((by): Column<Difference>[] => [
      ...(['before', 'after'] as const).map((side) => ({
        key: `${by}-${side}`,
        title: `${name(by)} · ${t(`circle.side.${side}`)}`,
        figures: true,
        compare: (a: Difference, b: Difference) => compare(by)(a[side], b[side]),
        cell: (row: Difference) =>
          row.only === '' || row.only === side ? <Figure row={row[side]} measure={by} /> : '–',
      })),
      {
        key: `${by}-difference`,
        title: t('circle.side.difference'),
        figures: true,
        compare: (a, b) => (differenceOf(a, by) ?? 0) - (differenceOf(b, by) ?? 0),
        cell: (row) =>
          row.only === '' ? (
            <strong>{difference(row, by)}</strong>
          ) : (
            t(row.only === 'after' ? 'circle.side.isNew' : 'circle.side.isGone')
          ),
      },
    ]),
  ];
  return <Linked label={t('circle.dock.table')} columns={columns} rows={rows} first={redrawn} />;
}

const redrawn = ({ only, before, after }: Difference) =>
  only !== '' || before.households !== after.households || before.covered !== after.covered;

function useNameColumn<Row extends { unit: string; name: string }>(): Column<Row> {
  const { t } = useTranslation();
  const language = useLanguage();
  const [, setView] = useView();
  return {
    key: 'name',
    title: t('units.unit'),
    compare: (a, b) => a.name.localeCompare(b.name, language === 'en' ? 'en' : 'zh-CN'),
    cell: (row) => (
      <button
        type="button"
        className="unit-link"
        onFocus={() => pointAt(row.unit)}
        onBlur={() => pointAt(null)}
        onClick={() => setView({ unit: row.unit })}
      >
        <span>{row.name}</span>
        <small className="figures">{row.unit}</small>
      </button>
    ),
  };
}

function Linked<Row extends { unit: string }>(props: {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  first?: (row: Row) => boolean;
}) {
  const [view] = useView();
  const [circle] = useCircleView();
  const pointed = useLinked((linked) => linked.unit);
  // By code until the reader sorts; a third press on a heading comes back to it. What a
  // draft redraws stands first.
  const { first } = props;
  const rows = useMemo(
    () =>
      [...props.rows].sort(
        (a, b) =>
          Number(first?.(b) ?? false) - Number(first?.(a) ?? false) ||
          a.unit.localeCompare(b.unit, 'en', { numeric: true }),
      ),
    [props.rows, first],
  );
  return (
    <>
      <GoToUnit />
      <DataTable<Row>
        key={`${circle.run}/${circle.side}`}
        label={props.label}
        columns={props.columns}
        rows={rows}
        rowKey={(row) => row.unit}
        isChosen={(row) => row.unit === view.unit}
        rowProps={(row) => ({
          'aria-selected': row.unit === view.unit || undefined,
          ...(row.unit === pointed ? { 'data-pointed': true } : {}),
          onPointerEnter: () => pointAt(row.unit),
          onPointerLeave: () => pointAt(null),
        })}
        pageSize={50}
      />
    </>
  );
}

/** GoToUnit shows the chosen unit in a button above the table, with the way to it. */
function GoToUnit() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const unit = useUnit(view.unit, view.at).data;
  const box = asBounds(unit?.bbox);
  if (!view.unit || !unit) return null;
  return (
    <p className="circle-chosen">
      {t('circle.table.chosen')} <strong>{unit.name}</strong>
      {box && (
        <button type="button" onClick={() => goToBounds(box)}>
          {t('card.showOnMap')}
        </button>
      )}
      <button type="button" onClick={() => setView({ unit: null })}>
        {t('circle.table.unchoose')}
      </button>
    </p>
  );
}
