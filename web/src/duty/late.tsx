// What should have been done and was not: each missed checkpoint by its name, blocks that
// nobody looked at in time, visits and premises that are due.
import type { UseQueryResult } from '@tanstack/react-query';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import type { components } from '../api/schema';
import { useDay, useTitle } from '../common/format';
import { Failed, Loading } from '../common/states';
import { useKindTitle } from './posts';
import { MOST, useBlocksDue, useCadences, useLate, usePremisesDue } from './queries';

type Missed = Omit<components['schemas']['Missed'], 'day'>;

type Beat = { beat: number; name: string; unit: string; stops: Missed[] };

/** byBeat are missed checkpoints by their beat, in the order of the beat. */
export function byBeat(missed: readonly Missed[]): Beat[] {
  const beats = new Map<number, Beat>();
  for (const one of missed) {
    const of = beats.get(one.beat) ?? {
      beat: one.beat,
      name: one.beat_name,
      unit: one.unit_name || one.unit,
      stops: [],
    };
    of.stops.push(one);
    beats.set(one.beat, of);
  }
  for (const { stops } of beats.values()) stops.sort((a, b) => a.ordinal - b.ordinal);
  return [...beats.values()];
}

export function Late({ unit }: { unit: string | null }) {
  const { t } = useTranslation();
  const may = useMay();
  const day = useDay();
  const title = useTitle();
  const kind = useKindTitle();
  const late = useLate(unit);
  const blocks = useBlocksDue(unit);
  const premises = usePremisesDue(unit);
  const cadences = useCadences().data;
  return (
    <div className="duty-late">
      {may('supervise') && (
        <Panel
          title={t('duty.missed')}
          none={t('duty.missedNone')}
          query={late}
          countOf={({ missed }) => missed.length}
        >
          {({ missed }) =>
            byBeat(missed).map(({ beat, name, unit, stops }) => (
              <li key={beat}>
                <strong>{t('duty.missedBeats', { beat: name, count: stops.length })}</strong>{' '}
                <small className="soft">{unit}</small>
                <br />
                {stops.map((one) => one.checkpoint_name).join(' · ')}
              </li>
            ))
          }
        </Panel>
      )}
      <Panel
        title={t('duty.blocks')}
        none={t('duty.blocksNone')}
        query={blocks}
        countOf={(list) => list.length}
      >
        {(list) =>
          list.map((one) => (
            <li key={one.zone}>
              {one.name} <small className="soft figures">{one.unit}</small>
              <br />
              <small className="board-late">
                {one.due_on ? t('duty.dueOn', { day: day(one.due_on) }) : t('duty.never')}
              </small>
            </li>
          ))
        }
      </Panel>
      {may('supervise') && (
        <Panel
          title={t('duty.visits')}
          none={t('duty.visitsNone')}
          query={late}
          countOf={({ visits }) => visits.reduce((sum, one) => sum + one.overdue, 0)}
        >
          {({ visits }) =>
            visits.map((one) => (
              <li key={`${one.unit}/${one.post}/${one.cadence}`}>
                {one.name || t('board.outside')} <small className="soft figures">{one.unit}</small>
                <br />
                {one.kind && `${kind(one.kind)} · `}
                {title(
                  cadences?.find(({ code }) => code === one.cadence),
                  one.cadence,
                )}{' '}
                <span className="figures">{t('duty.visitsDue', { due: one.overdue, all: one.homes })}</span>
              </li>
            ))
          }
        </Panel>
      )}
      <Panel
        title={t('duty.premises')}
        none={t('duty.premisesNone')}
        query={premises}
        countOf={(list) => list.items.length}
        more={(list) => Boolean(list.next)}
      >
        {(list) =>
          list.items.map((one) => (
            <li key={one.id}>
              {one.name} <Tag>{t(`duty.grade.${one.grade}`)}</Tag>
              <br />
              <small className="soft">{t('duty.validUntil', { day: day(one.valid_until) })}</small>
            </li>
          ))
        }
      </Panel>
    </div>
  );
}

/** Panel is one list with its number, or the state it is in. */
function Panel<T>(props: {
  title: string;
  none: string;
  query: UseQueryResult<T>;
  countOf: (data: T) => number;
  /** There are more than were read. */
  more?: (data: T) => boolean;
  children: (data: T) => ReactNode[];
}) {
  const { t } = useTranslation();
  const { query } = props;
  const n = query.data === undefined ? null : props.countOf(query.data);
  const lines = query.data === undefined ? [] : props.children(query.data);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel" tabIndex={0} aria-label={props.title}>
      <h2>
        {props.title}{' '}
        <span className={n ? 'figures board-late' : 'figures'}>
          {n ?? '–'}
          {query.data !== undefined && props.more?.(query.data) && '+'}
        </span>
      </h2>
      {query.isError && query.data === undefined ? (
        <Failed cause={query.error} retry={() => query.refetch()} />
      ) : n === null ? (
        <Loading rows={2} />
      ) : n === 0 ? (
        <p className="soft">{props.none}</p>
      ) : (
        <ul className="duty-list">
          {lines.slice(0, MOST)}
          {lines.length > MOST && (
            <li className="soft">{t('duty.andMore', { count: lines.length - MOST })}</li>
          )}
        </ul>
      )}
    </section>
  );
}
