// The figures of all alternatives beside each other.
import { useTranslation } from 'react-i18next';
import { length, useLanguage } from '../common/format';
import { type Column, DataTable } from '../common/table';
import { useFigures } from '../compare/words';
import type { Alternative, Proposal } from './types';
import { useProposalsView } from './view';

type Row = Alternative & { number: number };

export function Scores({ proposal }: { proposal: Proposal }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { whole, part } = useFigures();
  const [view, setView] = useProposalsView();
  const rows: Row[] = (proposal.found?.alternatives ?? []).map((one, index) => ({
    ...one,
    number: index + 1,
  }));
  const figure = (
    key: string,
    title: string,
    of: (row: Row) => number,
    write: (value: number) => string,
  ): Column<Row> => ({
    key,
    title,
    figures: true,
    compare: (a, b) => of(a) - of(b),
    cell: (row) => write(of(row)),
  });
  const percent = (value: number) => `${part(value * 100)}%`;
  const columns: Column<Row>[] = [
    {
      key: 'number',
      title: t('proposals.column.number'),
      cell: (row) => (
        <button
          type="button"
          className="unit-link"
          aria-pressed={row.number === view.alt}
          onClick={() => setView({ alt: row.number, at: null })}
        >
          {t('proposals.number', { number: row.number })}
        </button>
      ),
    },
    figure('broken', t('proposals.column.broken'), (row) => row.broken.length, whole),
    figure('units', t('proposals.column.units'), (row) => row.score.units, whole),
    figure('least', t('proposals.column.least'), (row) => row.score.least, whole),
    figure(
      'median',
      t('proposals.column.median'),
      (row) => row.score.median,
      (value) => part(value),
    ),
    figure('most', t('proposals.column.most'), (row) => row.score.most, whole),
    figure('balance', t('proposals.column.balance'), (row) => row.score.max_deviation, percent),
    figure(
      'compactness',
      t('proposals.column.compactness'),
      (row) => row.score.compactness,
      (value) => part(value, 2),
    ),
    figure(
      'border',
      t('proposals.column.border'),
      (row) => row.score.border_meters,
      (value) => length(value, language),
    ),
    figure('along', t('proposals.column.along'), (row) => row.score.along, percent),
    ...(proposal.params.rebalance
      ? [figure('moved', t('proposals.column.moved'), (row) => row.score.moved, whole)]
      : []),
  ];
  return (
    <DataTable
      label={t('proposals.scores')}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.number)}
      isChosen={(row) => row.number === view.alt}
      pageSize={10}
    />
  );
}
