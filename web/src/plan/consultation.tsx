// The consultation on a plan: when and under which title residents see it, and their
// comments that wait to be read.
import { Alert, App, Button, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useStatus } from '../api/queries';
import type { Plan } from '../api/types';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { useOffer } from '../enquiry/queries';
import { listed } from './comments';
import {
  type Consultation as Asked,
  consult,
  endConsultation,
  useChange,
  useComments,
  useConsultation,
} from './queries';

export function Consultation({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const today = useStatus().data?.today;
  const asked = useConsultation(plan.id);
  const offer = useOffer();
  const waiting = listed(useComments(plan.id).data ?? [], 'waiting').length;
  if (asked.isError) return <Failed cause={asked.error} retry={() => asked.refetch()} />;
  if (asked.data === undefined || !today) return <Loading rows={6} />;
  return (
    <section className="plan-consult" aria-label={t('plan.tab.consultation')}>
      <p className="soft">{t('plan.consult.lead')}</p>
      <State asked={asked.data} today={today} />
      {offer.data && !offer.data.map && <Alert type="warning" showIcon title={t('plan.consult.mapOff')} />}
      {waiting > 0 && (
        <p>
          {t('plan.consult.waiting', { count: waiting })}{' '}
          <Link to="?tab=comments&show=waiting">{t('plan.consult.toWaiting')}</Link>
        </p>
      )}
      {asked.data && asked.data.closes_on > today && <Stop plan={plan} />}
      {plan.state === 'draft' ? (
        <Opening plan={plan} asked={asked.data} today={today} />
      ) : (
        <p className="soft">{t('plan.consult.notDraft')}</p>
      )}
    </section>
  );
}

function State({ asked, today }: { asked: Asked | null; today: string }) {
  const { t } = useTranslation();
  if (!asked) return <p>{t('plan.consult.none')}</p>;
  const state = asked.closes_on <= today ? 'over' : asked.opens_on > today ? 'coming' : 'running';
  return (
    <p role="status">
      <strong>
        {t(`plan.consult.${state}`, { title: asked.title, from: asked.opens_on, to: asked.closes_on })}
      </strong>{' '}
      {state === 'running' && (
        <Link to={`/public/consultations/${asked.plan_id}`} target="_blank">
          {t('plan.consult.see')}
        </Link>
      )}
    </p>
  );
}

function Stop({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const change = useChange(endConsultation, () => message.success(t('plan.consult.stopped')));
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('plan.consult.stopTitle'),
      content: t('plan.consult.stopText'),
      okText: t('plan.consult.stop'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => change.mutateAsync(plan.id).catch(() => {}),
    });
  return (
    <div className="plan-buttons">
      {change.isError && <Failed cause={change.error} />}
      <Button danger loading={change.isPending} onClick={ask}>
        {t('plan.consult.stop')}
      </Button>
    </div>
  );
}

/** How long residents are asked, unless somebody says otherwise, in days. */
const USUAL = 15;

function Opening({ plan, asked, today }: { plan: Plan; asked: Asked | null; today: string }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const id = useId();
  const running = asked !== null && asked.closes_on > today;
  const [title, setTitle] = useState(
    asked?.title ?? t('plan.consult.titleOf', { name: plan.name }).slice(0, 100),
  );
  const [note, setNote] = useState(asked?.note ?? '');
  const [opens, setOpens] = useState(running && asked.opens_on > today ? asked.opens_on : today);
  const [closes, setCloses] = useState(running ? asked.closes_on : daysAfter(today, USUAL));
  const open = useChange(
    () => consult(plan.id, { title: title.trim(), note: note.trim(), opens_on: opens, closes_on: closes }),
    () => message.success(t('plan.consult.started')),
  );
  return (
    <form
      className="plan-opening"
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate(undefined);
      }}
    >
      <div className="form-row">
        <label htmlFor={`${id}t`}>{t('plan.consult.title')}</label>
        <Input
          id={`${id}t`}
          value={title}
          maxLength={100}
          onChange={(event) => setTitle(event.target.value)}
        />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}n`}>{t('plan.consult.note')}</label>
        <Input.TextArea
          id={`${id}n`}
          rows={4}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      <div className="form-pair">
        <div className="form-row">
          <label htmlFor={`${id}o`}>{t('plan.consult.opens')}</label>
          <input
            id={`${id}o`}
            type="date"
            min={today}
            value={opens}
            onChange={(event) => setOpens(event.target.value)}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}c`}>{t('plan.consult.closes')}</label>
          <input
            id={`${id}c`}
            type="date"
            min={opens}
            value={closes}
            onChange={(event) => setCloses(event.target.value)}
          />
        </div>
      </div>
      {open.isError && <Failed cause={open.error} />}
      <div className="plan-buttons">
        <Button type="primary" htmlType="submit" disabled={!title.trim()} loading={open.isPending}>
          {t(running ? 'plan.consult.renewIt' : 'plan.consult.start')}
        </Button>
      </div>
    </form>
  );
}

/** daysAfter is a day so many days after another, as YYYY-MM-DD. */
export const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
