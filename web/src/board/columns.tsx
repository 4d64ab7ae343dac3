// The board: a column for each state, the most urgent first.
import { ReloadOutlined } from '@ant-design/icons';
import { Badge, Button, Segmented, Tag } from 'antd';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMedia } from '../common/media';
import { Failed, Loading } from '../common/states';
import { CARD, Card } from './card';
import { type Tally, useIncidents } from './queries';
import { Rows } from './rows';
import { useMinute } from './time';
import { type Asked, columnsOf, type Filter, type State } from './view';

type Props = {
  asked: Asked;
  state: Filter['state'];
  tallies: readonly Tally[] | undefined;
  chosen: string | null;
  onOpen: (id: string) => void;
};

export function Columns(props: Props) {
  const { t } = useTranslation();
  const columns = columnsOf(props.state);
  const narrow = useMedia('(max-width: 760px)');
  const [one, setOne] = useState<State>('reported');
  const shown = columns.includes(one) ? one : (columns[0] ?? 'reported');
  const board = useRef<HTMLDivElement>(null);
  const aside = useCallback((from: number, step: 1 | -1) => {
    const next = board.current?.children[from + step];
    next?.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus();
  }, []);
  const countOf = (state: State) => props.tallies?.find((tally) => tally.state === state);
  return (
    <>
      {narrow && columns.length > 1 && (
        <Segmented<State>
          className="board-states"
          aria-label={t('board.state')}
          value={shown}
          onChange={setOne}
          options={columns.map((state) => ({
            value: state,
            label: `${t(`incidentState.${state}`)} ${countOf(state)?.count ?? 0}`,
          }))}
        />
      )}
      <div className="board-columns" ref={board}>
        {(narrow ? [shown] : columns).map((state, index) => (
          <Column
            key={state}
            {...props}
            of={state}
            tally={countOf(state)}
            known={props.tallies !== undefined}
            onAside={(step) => aside(index, step)}
          />
        ))}
      </div>
    </>
  );
}

/** Most pages of a column that are read again by themselves; of more, its reader decides. */
const BY_ITSELF = 3;

function Column(
  props: Props & {
    of: State;
    tally: Tally | undefined;
    known: boolean;
    onAside: (step: 1 | -1) => void;
  },
) {
  const { t } = useTranslation();
  const { of, tally } = props;
  const now = useMinute();
  const closed = of === 'closed';
  const list = useIncidents({ ...props.asked, state: of, open: undefined }, closed ? 'reported' : 'due');
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = list;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const total = list.data?.pages[0]?.total;
  const pages = list.data?.pages.length ?? 0;
  const count = props.known ? (tally?.count ?? 0) : total;
  const changed = !list.isFetching && count !== undefined && total !== undefined && count !== total;
  useEffect(() => {
    if (changed && pages <= BY_ITSELF) refetch();
  }, [changed, pages, refetch]);
  const name = t(`incidentState.${of}`);
  return (
    <section className="board-column" aria-label={t('board.column', { state: name, count: count ?? 0 })}>
      <h2>
        {name} <span className="figures soft">{count ?? ''}</span>
        {(tally?.overdue ?? 0) > 0 && (
          <Tag color="error" className="board-late-tag">
            {t('board.overdueOf', { count: tally?.overdue })}
          </Tag>
        )}
      </h2>
      {changed && pages > BY_ITSELF && (
        <Button
          size="small"
          type="link"
          icon={<ReloadOutlined aria-hidden="true" />}
          onClick={() => refetch()}
        >
          {t('board.changed')}
        </Button>
      )}
      {list.isError && list.data === undefined ? (
        <Failed cause={list.error} retry={() => refetch()} />
      ) : list.data === undefined ? (
        <Loading rows={6} />
      ) : items.length === 0 ? (
        <p className="soft board-empty">{t('board.emptyColumn')}</p>
      ) : (
        <Rows
          label={name}
          items={items}
          row={CARD}
          itemKey={(item) => item.id}
          onEnd={onEnd}
          onAside={props.onAside}
          after={isFetchingNextPage ? <Badge status="processing" text={t('common.loading')} /> : null}
        >
          {(incident, button) => (
            <Card
              incident={incident}
              now={now}
              chosen={incident.id === props.chosen}
              onOpen={() => props.onOpen(incident.id)}
              button={button}
            />
          )}
        </Rows>
      )}
    </section>
  );
}
