// How much of the streets, blocks and cells of each unit was seen in a period, by unit and
// never by person.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { today } from '../admin/common';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { DayInput } from '../board/page';
import { Failed, Loading } from '../common/states';
import { type Column, DataTable } from '../common/table';

type Coverage = components['schemas']['Coverage'];
type Child = Coverage['children'][number];

const DAY = 86_400_000;
const before = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - days * DAY).toISOString().slice(0, 10);

const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? '–' : `${Math.round(share * 100)}%`;

export function CoverageTable({ unit }: { unit: string }) {
  const { t } = useTranslation();
  const [to, setTo] = useState(() => today());
  const [from, setFrom] = useState(() => before(today(), 6));
  const found = useQuery({
    queryKey: ['patrol-coverage', unit, from, to],
    queryFn: ({ signal }) =>
      answer<Coverage>(api.GET('/patrols/coverage', { signal, params: { query: { unit, from, to } } })),
  });
  const share = (key: 'streets' | 'blocks' | 'cells'): Column<Child> => ({
    key,
    title: t(`duty.coverage.${key}`),
    figures: true,
    compare: (a, b) => (a[key].share ?? -1) - (b[key].share ?? -1),
    cell: (one) => percent(one[key].share),
  });
  const columns: Column<Child>[] = [
    {
      key: 'unit',
      title: t('duty.coverage.unit'),
      compare: (a, b) => a.unit.localeCompare(b.unit),
      cell: (one) => (
        <>
          {one.name} <small className="soft figures">{one.unit}</small>
        </>
      ),
    },
    share('streets'),
    share('blocks'),
    share('cells'),
    {
      key: 'days',
      title: t('duty.coverage.days'),
      figures: true,
      compare: (a, b) => (a.since.oldest ?? 1e9) - (b.since.oldest ?? 1e9),
      cell: (one) => one.since.oldest ?? t('duty.coverage.never'),
    },
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel" tabIndex={0} aria-label={t('duty.coverage.title')}>
      <h2>{t('duty.coverage.title')}</h2>
      <div className="board-filters">
        <DayInput name={t('duty.coverage.from')} day={from} max={to} onDay={(day) => day && setFrom(day)} />
        <DayInput name={t('duty.coverage.to')} day={to} min={from} onDay={(day) => day && setTo(day)} />
      </div>
      <p className="hint">{t('duty.coverage.hint')}</p>
      {found.isError ? (
        <Failed cause={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Loading rows={4} />
      ) : (
        <DataTable
          label={t('duty.coverage.table')}
          columns={columns}
          rows={found.data.children}
          rowKey={(one) => one.unit}
          pageSize={20}
        />
      )}
    </section>
  );
}
