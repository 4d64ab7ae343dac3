// What stops a plan and what it moves; the day on which it takes effect; publishing.
import { App, Button, Tag } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useStatus } from '../api/queries';
import type { Plan } from '../api/types';
import { count, useLanguage, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { Withdraw } from './course';
import { Places } from './places';
import { type Check, renew, useChange, useChecklist, usePublish, useStopped } from './queries';
import { StoppedPlan } from './stopped';
import { compareAddress } from './words';

export function Checks({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const stopped = useStopped().data?.find((one) => one.plan_id === plan.id);
  if (plan.state === 'draft') return <ChecksOfDraft plan={plan} />;
  return (
    <section aria-label={t('plan.tab.checks')}>
      {stopped ? (
        <StoppedPlan plan={stopped} here />
      ) : (
        <p>
          {plan.state === 'adopted' && t('plan.todo.waits', { day: plan.effective_on ?? '' })}
          {plan.state === 'published' && t('plan.todo.done', { day: plan.effective_on ?? '' })}
          {plan.state === 'abandoned' && t('plan.todo.abandoned')}
        </p>
      )}
      {plan.state === 'adopted' && <Withdraw plan={plan} />}
      {plan.state === 'published' && <Link to={compareAddress(plan)}>{t('plan.difference')}</Link>}
    </section>
  );
}

function ChecksOfDraft({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const today = useStatus().data?.today ?? '';
  const [chosen, setChosen] = useState('');
  const day = chosen || today;
  const checks = useChecklist(plan, day || null);
  const stops = checks.data?.filter((check) => check.state === 'stop') ?? [];
  return (
    <>
      <Publish
        plan={plan}
        day={day}
        today={today}
        onDay={setChosen}
        ready={checks.isSuccess && stops.length === 0}
      />
      <section aria-labelledby="plan-list">
        <h2 id="plan-list">{t('plan.list')}</h2>
        {checks.isPending && <Loading rows={8} />}
        {checks.isError && <Failed cause={checks.error} retry={() => checks.refetch()} />}
        {checks.data && (
          <ul className="plan-checks" aria-busy={checks.isFetching}>
            {sorted(checks.data).map((check) => (
              <OneCheck key={check.code} plan={plan} check={check} />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

const ORDER = ['stop', 'warn', 'ok'];
/** sorted puts first what stops the plan; among equals the order of the server stays. */
export const sorted = (checks: readonly Check[]): Check[] =>
  [...checks].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));

const COLOURS = { ok: 'success', warn: 'warning', stop: 'error' } as const;

function OneCheck({ plan, check }: { plan: Plan; check: Check }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const link = check.count > 0 ? linkOf(plan, check) : null;
  return (
    <li className={`plan-check plan-check-${check.state}`}>
      <div className="plan-check-head">
        <Tag color={COLOURS[check.state]}>{t(`plan.state.${check.state}`)}</Tag>
        <strong>{word('plan.check', check.code)}</strong>
        {check.count > 0 && <span className="figures">{count(check.count, language)}</span>}
        {link && check.link && <Link to={link}>{t(`plan.mend.${check.link}`)}</Link>}
        {check.code === 'overtaken' && check.count > 0 && <Renew plan={plan} check={check} />}
      </div>
      <Places plan={plan.id} places={check.places} count={Math.max(check.count, check.places.length)} />
    </li>
  );
}

/** linkOf is where something of a check is seen and mended. */
export function linkOf(plan: Plan, check: Pick<Check, 'link' | 'places'>): string | null {
  switch (check.link) {
    case 'faults':
      return `/?panel=data&plan=${plan.id}`;
    case 'rules':
      return `/workshop/${plan.id}?tab=findings`;
    case 'units':
      return `/workshop/${plan.id}?tab=units`;
    case 'stages':
      return '?tab=course';
    case 'changes':
      return compareAddress(plan);
    case 'posts':
      return compareAddress(plan, 'workers');
    case 'plans': {
      const other = /^plan (\d+)$/.exec(check.places[0]?.pointer ?? '')?.[1];
      return other ? `/plans/${other}` : null;
    }
  }
  return null;
}

/** Renew keeps a draft although others decided its units meanwhile, once one has read who. */
function Renew({ plan, check }: { plan: Plan; check: Check }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const change = useChange(renew, () => message.success(t('plan.renewed')));
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('plan.renewTitle'),
      content: (
        <>
          <p>{t('plan.renewText')}</p>
          <ul className="plan-places">
            {check.places.map((place) => (
              <li key={place.pointer}>{place.detail}</li>
            ))}
          </ul>
        </>
      ),
      okText: t('plan.renew'),
      cancelText: t('common.cancel'),
      onOk: () => change.mutateAsync(plan).catch(() => {}),
    });
  return (
    <>
      <Button size="small" loading={change.isPending} onClick={ask}>
        {t('plan.renew')}
      </Button>
      {change.isError && <Failed cause={change.error} />}
    </>
  );
}

function Publish(props: {
  plan: Plan;
  day: string;
  today: string;
  onDay: (day: string) => void;
  ready: boolean;
}) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const id = useId();
  const { plan, day, today } = props;
  const later = day > today;
  const publish = usePublish(plan);
  const run = () =>
    publish.mutateAsync(day).then(
      (after) =>
        message.success(
          t(after.state === 'adopted' ? 'plan.adopted' : 'plan.published', {
            day: after.effective_on ?? day,
          }),
        ),
      () => {},
    );
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('plan.nowTitle', { name: plan.name }),
      content: t('plan.nowHint'),
      okText: t('plan.now'),
      cancelText: t('common.cancel'),
      onOk: run,
    });
  return (
    <section className="plan-effect" aria-labelledby="plan-effect">
      <h2 id="plan-effect">{t('plan.effect')}</h2>
      <div className="plan-buttons">
        <label htmlFor={id}>{t('plan.day')}</label>
        <input id={id} type="date" value={day} onChange={(event) => props.onDay(event.target.value)} />
        <Button
          type="primary"
          disabled={!props.ready}
          loading={publish.isPending}
          onClick={later ? run : ask}
        >
          {later ? t('plan.schedule', { day }) : t('plan.now')}
        </Button>
      </div>
      <p className="hint">{t(later ? 'plan.scheduleHint' : 'plan.nowHint')}</p>
      {publish.isError && <Failed cause={publish.error} />}
    </section>
  );
}
