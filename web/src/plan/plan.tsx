// One plan from its draft to its being in force: its course, what stops it, what is
// said about it.
import './plan.css';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useLevels, usePlan } from '../api/queries';
import type { Plan } from '../api/types';
import { Copyable } from '../card/copyable';
import { count, useLanguage, useTitle } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Shell } from '../page/shell';
import { Checks } from './checks';
import { Comments } from './comments';
import { Consultation } from './consultation';
import { Course } from './course';
import { Files } from './files';
import { TABS, type Tab, usePlanOfHistory, usePlanView } from './view';
import { compareAddress } from './words';

export default function PlanPage() {
  const { t } = useTranslation();
  usePlanOfHistory();
  const id = Number(useParams().plan);
  const plan = usePlan(id);
  return (
    <Shell title={plan.data?.name ?? t('plan.title')} wide>
      {plan.isPending && <Loading rows={8} />}
      {plan.isError && <Failed cause={plan.error} retry={() => plan.refetch()} />}
      {plan.data && (
        <>
          <Head plan={plan.data} />
          <Tabs />
          <Body key={plan.data.id} plan={plan.data} />
        </>
      )}
    </Shell>
  );
}

function Head({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const level = useLevels().data?.find((one) => one.code === plan.level);
  // Null of a plan that came from a file, though the description does not say so.
  const base = plan.base as Plan['base'] | null;
  return (
    <header className="plan-head">
      <p>
        <Tag
          color={plan.state === 'published' ? 'success' : plan.state === 'adopted' ? 'processing' : 'default'}
        >
          {t(`planState.${plan.state}`)}
        </Tag>
        <span className="soft figures">{t('plan.planNo', { id: plan.id })}</span>
        {plan.undoes !== null && (
          <>
            {' '}
            {t('plan.undoes')}{' '}
            <Link to={`/plans/${plan.undoes}`}>{t('plan.planNo', { id: plan.undoes })}</Link>
          </>
        )}
      </p>
      {plan.note && <p>{plan.note}</p>}
      <dl className="plan-facts">
        <Fact name={t('plan.unit')}>{base?.code ?? t('plan.fromFile')}</Fact>
        <Fact name={t('plan.units')}>
          {count(plan.units, language)} {title(level, plan.level)}
        </Fact>
        <Fact name={t('plan.effective')}>{plan.effective_on ?? t('plan.notYet')}</Fact>
        <Fact name={t('plan.revision')}>{plan.revision}</Fact>
        {plan.digest && (
          <Fact name={t('plan.digest')}>
            <Copyable text={plan.digest} />
          </Fact>
        )}
      </dl>
      <nav className="plan-links" aria-label={t('plan.open')}>
        {plan.state === 'draft' && <Link to={`/workshop/${plan.id}`}>{t('plan.workshop')}</Link>}
        <Link to={compareAddress(plan)}>
          {t(plan.state === 'published' ? 'plan.difference' : 'plan.compare')}
        </Link>
        <Link to={`/plans/${plan.id}/border`}>{t('plan.border')}</Link>
      </nav>
    </header>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}

function Tabs() {
  const { t } = useTranslation();
  const [view, setView] = usePlanView();
  return (
    <nav className="tabs plan-tabs" aria-label={t('plan.tabs')}>
      {TABS.map((tab) => (
        <button
          key={tab}
          type="button"
          aria-current={tab === view.tab ? 'page' : undefined}
          onClick={() => setView({ tab })}
        >
          {t(`plan.tab.${tab}`)}
        </button>
      ))}
    </nav>
  );
}

const BODIES: Record<Tab, (props: { plan: Plan }) => ReactNode> = {
  course: Course,
  checks: Checks,
  comments: Comments,
  consultation: Consultation,
  files: Files,
};

function Body({ plan }: { plan: Plan }) {
  const [view] = usePlanView();
  const Part = BODIES[view.tab];
  return <Part plan={plan} />;
}
