// An incident in one look: what, where, and how long there is.
import { ClockCircleOutlined, LockOutlined, WarningFilled } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { useCategories } from '../api/queries';
import type { Incident } from '../api/types';
import { useTitle } from '../common/format';
import { useTimeLeft } from './time';

export const CARD = 102;

/** isOverdue tells whether the next step should have been taken by now. */
export const isOverdue = (incident: Pick<Incident, 'due_at' | 'closed_at'>, now: number): boolean =>
  Boolean(incident.due_at) && !incident.closed_at && Date.parse(incident.due_at ?? '') < now;

/** useCategoryTitle names a category, also one of another system. */
export function useCategoryTitle(): (code: string) => string {
  const title = useTitle();
  const list = useCategories().data;
  return (code) =>
    title(
      list?.find((one) => one.code === code),
      code,
    );
}

export function Card(props: {
  incident: Incident;
  now: number;
  chosen: boolean;
  onOpen: () => void;
  button: object;
}) {
  const { t } = useTranslation();
  const category = useCategoryTitle();
  const timeLeft = useTimeLeft();
  const { incident, now } = props;
  const overdue = isOverdue(incident, now);
  const due = incident.closed_at ? t('incidentState.closed') : timeLeft(incident.due_at, now);
  const unit = incident.unit_name || incident.unit || t('board.outside');
  return (
    <button
      type="button"
      {...props.button}
      className={`board-card${overdue ? ' board-card-overdue' : ''}${props.chosen ? ' board-card-chosen' : ''}`}
      aria-label={t('board.card', { category: category(incident.category), unit, due })}
      aria-current={props.chosen || undefined}
      onClick={props.onOpen}
    >
      <span className="board-card-what">
        {category(incident.category)}
        {incident.private && <LockOutlined aria-hidden="true" />}
      </span>
      <span className="board-card-text">{incident.text || incident.address || incident.department}</span>
      <span className="board-card-foot">
        <span className="board-card-unit">{unit}</span>
        <span className={overdue ? 'board-late' : 'soft'}>
          {overdue ? <WarningFilled aria-hidden="true" /> : <ClockCircleOutlined aria-hidden="true" />} {due}
        </span>
      </span>
    </button>
  );
}
