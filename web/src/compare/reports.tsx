// What a merger means, and statistics restated on the units of either side.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { today } from '../admin/common';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { useAsked, useImpact, useStatistics } from './queries';
import type { Burden, Impacted, Restated } from './types';
import { useCompareView } from './view';
import { KindMark, Pair, useFigures } from './words';

const ROWS = 50;

/** Impact is area, households, load and ways on foot, for each change. */
export function Impact() {
  const { t } = useTranslation();
  const { whole: count, land, part } = useFigures();
  const [view, setView] = useCompareView();
  const report = useImpact(useAsked());
  if (report.isError) return <Failed cause={report.error} retry={() => report.refetch()} />;
  if (!report.data) return <Loading />;
  const { changes, network, reason } = report.data;
  if (changes.length === 0) return <Nothing title={t('compare.same')} />;
  const pair = (
    key: string,
    title: string,
    of: (burden: Burden) => number | null | undefined,
    write: (value: number | null | undefined) => string,
  ): Column<Impacted> => ({
    key,
    title,
    figures: true,
    compare: (a, b) => (of(a.after) ?? 0) - (of(a.before) ?? 0) - ((of(b.after) ?? 0) - (of(b.before) ?? 0)),
    cell: (row) => <Pair before={write(of(row.before))} after={write(of(row.after))} />,
  });
  const columns: Column<Impacted>[] = [
    {
      key: 'number',
      title: t('compare.column.change'),
      compare: (a, b) => a.number - b.number,
      cell: (row) => (
        <button
          type="button"
          className="unit-link"
          aria-pressed={row.number === view.change}
          onClick={() => setView({ change: row.number === view.change ? null : row.number })}
        >
          <span>{`#${row.number}`}</span>
        </button>
      ),
    },
    { key: 'kind', title: t('compare.column.kind'), cell: (row) => <KindMark kind={row.kind} /> },
    pair('units', t('compare.column.units'), (b) => b.units, count),
    pair('area', t('compare.column.areaEach'), (b) => (b.units ? b.area : null), land),
    pair(
      'households',
      t('compare.column.householdsEach'),
      (b) => b.households,
      (v) => part(v, 0),
    ),
    pair('workers', t('compare.column.workers'), (b) => b.workers, count),
    pair('load', t('compare.column.load'), (b) => b.load, part),
    pair('mean', t('compare.column.walkMean'), (b) => b.walk?.mean_minutes, part),
    pair('p90', t('compare.column.walkP90'), (b) => b.walk?.p90_minutes, part),
    pair(
      'radius',
      t('compare.column.radius'),
      (b) => b.walk?.p90,
      (v) => part(v, 0),
    ),
  ];
  return (
    <>
      <p className="hint">
        {network
          ? t('compare.walked', { file: network.file_name, speed: part(network.speed / 1000) })
          : t(`compare.notWalked.${reason as 'hidden'}`)}
      </p>
      <DataTable
        label={t('compare.dock.impact')}
        columns={columns}
        rows={changes}
        rowKey={(row) => String(row.number)}
        isChosen={(row) => row.number === view.change}
        pageSize={ROWS}
      />
    </>
  );
}

/** usualPeriod is the last twelve months that are over. */
export function usualPeriod(now: Date): { from: string; to: string } {
  const to = `${today(now).slice(0, 7)}-01`;
  return { from: `${Number(to.slice(0, 4)) - 1}${to.slice(4)}`, to };
}

/** usePeriod is the period of the address, or the usual one. */
export function usePeriod(): { from: string; to: string } {
  const [{ from, to }] = useCompareView();
  const usual = useMemo(() => usualPeriod(new Date()), []);
  return { from: from ?? usual.from, to: to ?? usual.to };
}

type Line = { unit: string; name: string; before: Restated | null; after: Restated | null };

/** linesOf puts the units of both sides side by side, by code; nobody's land comes last. */
export function linesOf(before: readonly Restated[], after: readonly Restated[]): Line[] {
  const lines = new Map<string, Line>();
  for (const [side, list] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const row of list) {
      const line = lines.get(row.unit) ?? { unit: row.unit, name: row.name, before: null, after: null };
      lines.set(row.unit, { ...line, name: row.name || line.name, [side]: row });
    }
  }
  return [...lines.values()].sort(
    (a, b) =>
      Number(a.unit === '') - Number(b.unit === '') || a.unit.localeCompare(b.unit, 'en', { numeric: true }),
  );
}

export function Statistics() {
  const { t } = useTranslation();
  const { whole: count, part } = useFigures();
  const may = useMay();
  const [, setView] = useCompareView();
  const { from, to } = usePeriod();
  const restated = useStatistics(useAsked(), from, to);
  const lines = useMemo(
    () => (restated.data ? linesOf(restated.data.on_before ?? [], restated.data.on_after ?? []) : []),
    [restated.data],
  );
  if (!may('place')) return <Nothing title={t('compare.hidden')} />;
  const pair = (
    key: string,
    title: string,
    of: (row: Restated) => number,
    write: (value: number | null | undefined) => string,
  ): Column<Line> => ({
    key,
    title,
    figures: true,
    compare: (a, b) => (a.after ? of(a.after) : -1) - (b.after ? of(b.after) : -1),
    cell: (row) => (
      <Pair before={write(row.before && of(row.before))} after={write(row.after && of(row.after))} />
    ),
  });
  const columns: Column<Line>[] = [
    {
      key: 'unit',
      title: t('compare.column.unit'),
      cell: (row) =>
        row.unit ? (
          <>
            {row.name} <small className="figures">{row.unit}</small>
          </>
        ) : (
          t('compare.nobody')
        ),
    },
    pair('incidents', t('compare.column.reported'), (row) => row.incidents, part),
    pair('estimated', t('compare.column.estimated'), (row) => row.estimated, part),
    pair('households', t('compare.column.households'), (row) => row.households, count),
  ];
  return (
    <>
      <div className="compare-period">
        <label>
          {t('compare.from')}
          <input
            type="date"
            value={from}
            max={to}
            onChange={(event) => setView({ from: event.target.value || null })}
          />
        </label>
        <label>
          {t('compare.to')}
          <input
            type="date"
            value={to}
            min={from}
            onChange={(event) => setView({ to: event.target.value || null })}
          />
        </label>
        {restated.data && (
          <span role="status">
            {t('compare.restated', {
              incidents: count(restated.data.incidents),
              households: count(restated.data.households),
            })}
          </span>
        )}
      </div>
      {restated.isError ? (
        <Failed cause={restated.error} retry={() => restated.refetch()} />
      ) : !restated.data ? (
        from < to ? (
          <Loading />
        ) : (
          <Nothing title={t('compare.noPeriod')} />
        )
      ) : (
        <DataTable
          label={t('compare.dock.statistics')}
          columns={columns}
          rows={lines}
          rowKey={(row) => row.unit}
          pageSize={ROWS}
        />
      )}
    </>
  );
}
