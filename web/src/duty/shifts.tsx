// The shifts of a day in the units that one supervises, by post and never by person.
import { HistoryOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { today } from '../admin/common';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { DayInput } from '../board/page';
import { useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { useKindTitle } from './posts';
import { clock } from './state';

const Replay = lazy(() => import('./replay'));

export type Duty = components['schemas']['PatrolDuty'];

const DAY = 86_400_000;
const MOST = 500;

export function Shifts({ unit }: { unit: string | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const kind = useKindTitle();
  const [day, setDay] = useState(() => today());
  const [open, setOpen] = useState<Duty | null>(null);
  const from = `${day}T00:00:00+08:00`;
  const found = useQuery({
    queryKey: ['shifts', 'supervised', unit, day],
    queryFn: ({ signal }) =>
      answer<components['schemas']['ListDuty']>(
        api.GET('/patrols/shifts', {
          signal,
          params: {
            query: {
              unit: unit ?? undefined,
              from,
              to: new Date(Date.parse(from) + DAY).toISOString(),
              limit: MOST,
            },
          },
        }),
      ),
  });
  const time = (at: string | null | undefined) => (at ? clock(at, language) : t('duty.shifts.running'));
  const figure = (key: 'incidents' | 'visits' | 'marks' | 'replays'): Column<Duty> => ({
    key,
    title: t(`duty.shifts.${key}`),
    figures: true,
    cell: (one) => one[key],
  });
  const columns: Column<Duty>[] = [
    {
      key: 'post',
      title: t('duty.shifts.post'),
      compare: (a, b) => a.unit.localeCompare(b.unit),
      cell: (one) => (
        <>
          {kind(one.kind)} <small className="soft">{one.unit_name || one.unit}</small>
        </>
      ),
    },
    {
      key: 'from',
      title: t('duty.shifts.from'),
      compare: (a, b) => a.started_at.localeCompare(b.started_at),
      cell: (one) => <span className="figures">{time(one.started_at)}</span>,
    },
    {
      key: 'to',
      title: t('duty.shifts.to'),
      cell: (one) => <span className="figures">{time(one.ended_at)}</span>,
    },
    figure('incidents'),
    figure('visits'),
    figure('marks'),
    figure('replays'),
    {
      key: 'replay',
      title: t('duty.replay.title'),
      cell: (one) => (
        <Button
          size="small"
          icon={<HistoryOutlined aria-hidden="true" />}
          aria-label={t('duty.replay.of', {
            kind: kind(one.kind),
            unit: one.unit_name || one.unit,
            time: time(one.started_at),
          })}
          onClick={() => setOpen(one)}
        >
          {t('duty.replay.open')}
        </Button>
      ),
    },
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel" tabIndex={0} aria-label={t('duty.shifts.title')}>
      <h2>{t('duty.shifts.title')}</h2>
      <div className="board-filters">
        <DayInput
          name={t('duty.shifts.day')}
          day={day}
          max={today()}
          onDay={(next) => setDay(next ?? today())}
        />
      </div>
      <p className="hint">{t('duty.shifts.hint')}</p>
      {found.isError ? (
        <Failed cause={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Loading rows={3} />
      ) : found.data.items.length === 0 ? (
        <p className="soft">{t('duty.shifts.none')}</p>
      ) : (
        <>
          <DataTable
            label={t('duty.shifts.table')}
            columns={columns}
            rows={found.data.items}
            rowKey={(one) => String(one.no)}
            pageSize={20}
          />
          {found.data.next && <p className="soft">{t('duty.shifts.more', { most: MOST })}</p>}
        </>
      )}
      {open && (
        <Suspense>
          <Replay shift={open} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </section>
  );
}
