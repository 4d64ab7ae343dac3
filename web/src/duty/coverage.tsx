// How much of the streets, blocks and cells of each unit was seen in a period, by unit and
// never by person.

import { DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useSession } from '../account/session';
import { today } from '../admin/common';
import { API, answer, api } from '../api/client';
import { useUnit } from '../api/queries';
import type { components } from '../api/schema';
import { DayInput } from '../board/page';
import { useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { type Column, DataTable } from '../common/table';

const CoverageChart = lazy(() => import('./coverage-chart'));

type Coverage = components['schemas']['Coverage'];
type Child = Coverage['children'][number];
type MissedOn = Coverage['missed'][number];

const DAY = 86_400_000;
const before = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - days * DAY).toISOString().slice(0, 10);

const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? '–' : `${Math.round(share * 100)}%`;

/** CoverageTable is the coverage below a unit: the one chosen, or that of one's own post. */
export function CoverageTable({ unit }: { unit: string | null }) {
  const { t } = useTranslation();
  const own = useSession().data?.posts.find((post) => post.unit !== '')?.unit;
  const of = unit ?? own;
  if (of) return <Below unit={of} />;
  return (
    <section className="duty-panel" aria-label={t('duty.coverage.title')}>
      <h2>{t('duty.coverage.title')}</h2>
      <p className="soft">{t('duty.coverage.choose')}</p>
    </section>
  );
}

function Below({ unit }: { unit: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const [to, setTo] = useState(() => today());
  const [from, setFrom] = useState(() => before(today(), 6));
  const named = useUnit(unit).data;
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
  const address = (format: string) =>
    `${API}/patrols/coverage/export?${new URLSearchParams({ unit, from, to, format, lang: language })}`;
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
      <h2>
        {t('duty.coverage.title')} <small className="soft">{named?.name ?? unit}</small>
      </h2>
      <div className="board-filters">
        <DayInput name={t('duty.coverage.from')} day={from} max={to} onDay={(day) => day && setFrom(day)} />
        <DayInput name={t('duty.coverage.to')} day={to} min={from} onDay={(day) => day && setTo(day)} />
        {(may('export') || may('supervise')) &&
          (['xlsx', 'csv'] as const).map((format) => (
            <Button
              key={format}
              href={address(format)}
              download
              icon={<DownloadOutlined aria-hidden="true" />}
            >
              {t(`duty.coverage.file.${format}`)}
            </Button>
          ))}
      </div>
      <p className="hint">{t('duty.coverage.hint')}</p>
      {found.isError ? (
        <Failed cause={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Loading rows={4} />
      ) : (
        <>
          {found.data.children.length > 0 && (
            <Suspense fallback={<Loading rows={4} />}>
              <CoverageChart rows={found.data.children} />
            </Suspense>
          )}
          <DataTable
            label={t('duty.coverage.table')}
            columns={columns}
            rows={found.data.children}
            rowKey={(one) => one.unit}
            pageSize={20}
          />
          <h3>{t('duty.coverage.missed', { count: found.data.missed.length })}</h3>
          {found.data.missed.length > 0 && <MissedTable rows={found.data.missed} />}
        </>
      )}
    </section>
  );
}

/** MissedTable names each checkpoint that was missed in the period. */
function MissedTable({ rows }: { rows: readonly MissedOn[] }) {
  const { t } = useTranslation();
  const column = (key: 'day' | 'unit_name' | 'beat_name' | 'checkpoint_name'): Column<MissedOn> => ({
    key,
    title: t(`duty.coverage.missedColumn.${key}`),
    compare: (a, b) => a[key].localeCompare(b[key]),
    cell: (one) => one[key] || one.unit, // a unit that ended has no name today
  });
  return (
    <DataTable
      label={t('duty.coverage.missedTable')}
      columns={[column('day'), column('unit_name'), column('beat_name'), column('checkpoint_name')]}
      rows={rows}
      rowKey={(one) => `${one.day}/${one.beat}/${one.ordinal}`}
      pageSize={20}
    />
  );
}
