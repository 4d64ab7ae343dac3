// Who is not reached: cells for analysts, single households for those whose posts show
// them. The list of households is read only when it is asked for, and each look is
// recorded; the page says so before.
import { EyeOutlined } from '@ant-design/icons';
import { Button, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useUnit } from '../api/queries';
import { useWords } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { goToBounds, goToPlace } from '../map/camera';
import { cellResolutions } from '../map/cells';
import { useView } from '../view/url';
import { useCells, useUncovered } from './queries';
import { useShown } from './shown';
import type { CellRow, HouseholdRow } from './types';
import { setCircle, useCircleView } from './view';
import { useAbout, useCounted, useNumbers } from './words';

export default function Uncovered() {
  const { t } = useTranslation();
  const may = useMay();
  const { run } = useShown();
  const [kind, setKind] = useState<'cells' | 'households'>('cells');
  const listed = may('place') && run?.params.demand === 0;
  return (
    <>
      {listed && (
        <Segmented
          size="small"
          aria-label={t('circle.uncovered.title')}
          value={kind}
          onChange={setKind}
          options={[
            { value: 'cells', label: t('circle.uncovered.cells') },
            { value: 'households', label: t('circle.uncovered.households') },
          ]}
        />
      )}
      {kind === 'households' && listed ? <Households /> : <Cells />}
    </>
  );
}

function Cells() {
  const { t } = useTranslation();
  const { run, column } = useShown();
  const counted = useCounted();
  const about = useAbout();
  // A reader of published counts is not shown small cells, so that none is left does not mean that all are covered.
  const published = run?.totals?.find((row) => row.column === column)?.rounded ?? false;
  const [resolution, setResolution] = useState<number>(9);
  const cells = useCells(run, column, resolution, true);
  const numbers = useNumbers();
  const [circle] = useCircleView();
  const rows = (cells.data ?? []).filter((cell) => cell.hidden || cell.households > cell.covered);
  const lacking = (cell: CellRow) => cell.households - cell.covered;
  const write = (cell: CellRow, count: string) =>
    cell.hidden ? <span className="suppressed">{counted('circle.shown.hidden')}</span> : count;
  const goTo = async (cell: string) => {
    // The geometry of cells is loaded when somebody wants to go to one.
    const { cellToBoundary } = await import('h3-js');
    const corners = cellToBoundary(cell);
    const [lats, lons] = [corners.map(([lat]) => lat), corners.map(([, lon]) => lon)];
    goToBounds([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], 16);
    if (!circle.show.includes('uncovered')) setCircle({ show: [...circle.show, 'uncovered'] });
  };
  const columns: Column<CellRow>[] = [
    {
      key: 'cell',
      title: t('circle.uncovered.cell'),
      cell: (cell) => (
        <button type="button" className="unit-link" onClick={() => goTo(cell.cell)}>
          <span className="figures">{cell.cell}</span>
        </button>
      ),
    },
    {
      key: 'uncovered',
      title: counted('circle.table.uncovered'),
      figures: true,
      compare: (a, b) => lacking(a) - lacking(b),
      cell: (cell) => write(cell, (cell.rounded ? about : numbers)(lacking(cell))),
    },
    {
      key: 'households',
      title: counted('circle.table.households'),
      figures: true,
      compare: (a, b) => a.households - b.households,
      cell: (cell) => write(cell, numbers(cell.households)),
    },
    {
      key: 'minutes',
      title: t('circle.uncovered.median'),
      figures: true,
      compare: (a, b) => (a.minutes ?? Number.POSITIVE_INFINITY) - (b.minutes ?? Number.POSITIVE_INFINITY),
      cell: (cell) =>
        cell.minutes === null ? t('circle.shown.unreached') : numbers(cell.minutes, cell.rounded ? 0 : 1),
    },
  ];
  return (
    <>
      <div className="circle-row">
        <span className="soft">{t('circle.uncovered.resolution')}</span>
        <Segmented
          size="small"
          aria-label={t('circle.uncovered.resolution')}
          value={resolution}
          onChange={setResolution}
          options={cellResolutions.map((step) => ({
            value: step.resolution as number,
            label: `${step.resolution} (${step.squareKilometres} km²)`,
          }))}
        />
      </div>
      {cells.isError && <Failed cause={cells.error} retry={() => cells.refetch()} />}
      {cells.isPending && <Loading />}
      {cells.data && rows.length === 0 && (
        <Nothing title={counted(published ? 'circle.uncovered.noneShown' : 'circle.uncovered.none')}>
          {published && t('circle.uncovered.noneShownWhy')}
        </Nothing>
      )}
      {rows.length > 0 && (
        <DataTable<CellRow>
          label={t('circle.uncovered.cells')}
          columns={columns}
          rows={rows.sort((a, b) => lacking(b) - lacking(a))}
          rowKey={(cell) => cell.cell}
          pageSize={50}
        />
      )}
    </>
  );
}

function Households() {
  const { t } = useTranslation();
  const word = useWords();
  const numbers = useNumbers();
  const { run, column } = useShown();
  const [view, setView] = useView();
  const unit = useUnit(view.unit).data;
  const [asked, setAsked] = useState(false);
  const list = useUncovered(run, column, view.unit, asked);
  if (!asked) {
    return (
      <Nothing title={t('circle.uncovered.recorded')}>
        <p>
          {t('circle.uncovered.recordedHint', {
            where: view.unit ? (unit?.name ?? view.unit) : t('circle.choose.wholeArea'),
          })}
        </p>
        <Button icon={<EyeOutlined aria-hidden="true" />} onClick={() => setAsked(true)}>
          {t('circle.uncovered.look')}
        </Button>
      </Nothing>
    );
  }
  const columns: Column<HouseholdRow>[] = [
    {
      key: 'address',
      title: t('circle.uncovered.household'),
      cell: (row) => (
        <button
          type="button"
          className="unit-link"
          onClick={() => {
            setView({ item: { kind: 'household', id: String(row.id) } });
            const [lon, lat] = row.at;
            if (lon !== undefined && lat !== undefined) goToPlace([lon, lat]);
          }}
        >
          <span>{row.address || `#${row.id}`}</span>
          <small className="figures">{row.unit}</small>
        </button>
      ),
    },
    {
      key: 'minutes',
      title: t('circle.uncovered.minutes'),
      figures: true,
      compare: (a, b) => (a.minutes ?? Number.POSITIVE_INFINITY) - (b.minutes ?? Number.POSITIVE_INFINITY),
      cell: (row) => (row.minutes === null ? '–' : numbers(row.minutes, 1)),
    },
    { key: 'nearest', title: t('circle.uncovered.nearest'), cell: (row) => row.nearest?.[0]?.name ?? '–' },
    { key: 'reason', title: t('circle.uncovered.reason'), cell: (row) => word('circle.reason', row.reason) },
  ];
  return (
    <>
      <p className="hint">{t('circle.uncovered.recordedEach')}</p>
      {list.isError && <Failed cause={list.error} retry={() => list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data?.length === 0 && <Nothing title={t('circle.uncovered.none')} />}
      {list.data && list.data.length > 0 && (
        <DataTable<HouseholdRow>
          label={t('circle.uncovered.households')}
          columns={columns}
          rows={list.data}
          rowKey={(row) => String(row.id)}
          isChosen={(row) => view.item?.kind === 'household' && view.item.id === String(row.id)}
          pageSize={Math.max(1, list.data.length)}
        />
      )}
      {list.hasNextPage && (
        <Button size="small" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  );
}
