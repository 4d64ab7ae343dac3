// The ledger as a table, the newest first.
import { Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Incident } from '../api/types';
import { count, moment, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { isOverdue, useCategoryTitle } from './card';
import { useIncidents } from './queries';
import { useMinute, useTimeLeft } from './time';
import type { Asked } from './view';

const PAGE = 50;

export function Table(props: { asked: Asked; chosen: string | null; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const category = useCategoryTitle();
  const timeLeft = useTimeLeft();
  const now = useMinute();
  const list = useIncidents(props.asked, 'reported', 500);
  if (list.isError && list.data === undefined)
    return <Failed cause={list.error} retry={() => list.refetch()} />;
  if (list.data === undefined) return <Loading rows={8} />;
  const rows = list.data.pages.flatMap((page) => page.items);
  const total = list.data.pages[0]?.total ?? rows.length;
  if (rows.length === 0) return <Nothing title={t('board.none')}>{t('board.noneHint')}</Nothing>;
  const columns: Column<Incident>[] = [
    {
      key: 'category',
      title: t('board.columns.category'),
      compare: (a, b) => a.category.localeCompare(b.category),
      cell: (one) => (
        <button type="button" className="board-link" onClick={() => props.onOpen(one.id)}>
          {category(one.category)}
        </button>
      ),
    },
    {
      key: 'state',
      title: t('board.columns.state'),
      compare: (a, b) => a.state.localeCompare(b.state),
      cell: (one) => (
        <>
          {t(`incidentState.${one.state}`)}{' '}
          {isOverdue(one, now) && <Tag color="error">{t('board.overdue')}</Tag>}
        </>
      ),
    },
    {
      key: 'place',
      title: t('board.columns.place'),
      compare: (a, b) => a.unit.localeCompare(b.unit),
      cell: (one) => (
        <>
          {one.unit_name || one.unit || t('board.outside')}{' '}
          <span className="soft">{one.text || one.address}</span>
        </>
      ),
    },
    {
      key: 'reported',
      title: t('board.columns.reported'),
      compare: (a, b) => a.reported_at.localeCompare(b.reported_at),
      cell: (one) => <span className="figures">{moment(one.reported_at, language)}</span>,
    },
    {
      key: 'due',
      title: t('board.columns.due'),
      compare: (a, b) => (a.due_at ?? '9').localeCompare(b.due_at ?? '9'),
      cell: (one) =>
        one.closed_at || !one.due_at ? (
          '–'
        ) : (
          <span className={isOverdue(one, now) ? 'board-late' : undefined}>
            <span className="figures">{moment(one.due_at, language)}</span> {timeLeft(one.due_at, now)}
          </span>
        ),
    },
  ];
  return (
    <div className="board-table">
      <DataTable
        label={t('board.title')}
        columns={columns}
        rows={rows}
        rowKey={(one) => one.id}
        isChosen={(one) => one.id === props.chosen}
        pageSize={PAGE}
      />
      <p className="soft">
        {t('board.shownOf', { shown: count(rows.length, language), total: count(total, language) })}{' '}
        {list.hasNextPage && (
          <Button loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            {t('board.more')}
          </Button>
        )}
      </p>
    </div>
  );
}
