// Incidents as they come, and those that are overdue.
import { WarningFilled } from '@ant-design/icons';
import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { useCategoryTitle } from '../board/card';
import { useIncidents, useTallies } from '../board/queries';
import { useMinute, useTimeLeft } from '../board/time';
import { asked, noFilter } from '../board/view';
import { useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { useLive } from '../live/use-live';
import { clock } from './state';

const MOST = 40;

type Props = { onOpen: (id: string) => void };

export function News({ onOpen }: Props) {
  const { t } = useTranslation();
  const language = useLanguage();
  const category = useCategoryTitle();
  const { picture } = useLive();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel duty-news" tabIndex={0} aria-label={t('duty.incidents')}>
      <h2>{t('duty.incidents')}</h2>
      {picture.news.length === 0 ? (
        <Nothing title={t('duty.incidentsNone')} />
      ) : (
        <ol className="duty-list" aria-live="polite">
          {picture.news.slice(0, MOST).map((one) => (
            <li key={`${one.id}${one.at}${one.state}`}>
              <button type="button" className="board-link" onClick={() => onOpen(one.id)}>
                {category(one.category)}
              </button>{' '}
              {one.overdue ? (
                <Tag color="error" icon={<WarningFilled aria-hidden="true" />}>
                  {t('duty.news.overdue')}
                </Tag>
              ) : (
                <Tag color={one.state === 'reported' ? 'processing' : undefined}>
                  {one.state === 'reported'
                    ? t('duty.news.reported')
                    : t(`incidentState.${one.state as 'held'}`)}
                </Tag>
              )}
              <br />
              <small className="soft figures">
                {clock(one.at, language)} · {one.unit_name || one.unit || t('board.outside')}
              </small>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

export function Overdue({ unit, onOpen }: Props & { unit: string | null }) {
  const { t } = useTranslation();
  const category = useCategoryTitle();
  const timeLeft = useTimeLeft();
  const now = useMinute();
  const query = asked({ ...noFilter, overdue: true }, unit);
  const list = useIncidents(query, 'due', MOST);
  const tallies = useTallies(asked(noFilter, unit));
  const late = tallies.data?.reduce((sum, one) => sum + one.overdue, 0);
  const items = list.data?.pages[0]?.items ?? [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel duty-overdue" tabIndex={0} aria-label={t('duty.overdue')}>
      <h2>
        {t('duty.overdue')} <span className={late ? 'figures board-late' : 'figures'}>{late ?? '–'}</span>
      </h2>
      {list.isError && list.data === undefined ? (
        <Failed cause={list.error} retry={() => list.refetch()} />
      ) : list.data === undefined ? (
        <Loading rows={3} />
      ) : items.length === 0 ? (
        <p className="soft">{t('duty.overdueNone')}</p>
      ) : (
        <ul className="duty-list">
          {items.map((one) => (
            <li key={one.id}>
              <button type="button" className="board-link" onClick={() => onOpen(one.id)}>
                {category(one.category)}
              </button>{' '}
              <span className="board-late">{timeLeft(one.due_at, now)}</span>
              <br />
              <small className="soft figures">
                {one.unit_name || one.unit || t('board.outside')} · {t(`incidentState.${one.state}`)}
              </small>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
