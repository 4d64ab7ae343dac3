// Adopted plans that did not take effect: planners and administrators have to see them
// wherever they begin, with the reason and what can be done.
import './stopped.css';
import { Alert, App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session';
import { moment, useLanguage, useWords } from '../common/format';
import { Failed } from '../common/states';
import { Places } from './places';
import { runAgain, type Stopped, useChange, useStopped } from './queries';

/** StoppedPlans are all of the reader's area; nothing when there are none. */
export function StoppedPlans() {
  const stopped = useStopped();
  return stopped.data?.map((plan) => <StoppedPlan key={plan.plan_id} plan={plan} />);
}

/** StoppedPlan is one of them; here: on the page of the plan itself. */
export function StoppedPlan({ plan, here = false }: { plan: Stopped; here?: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = useWords();
  const { message } = App.useApp();
  const plans = useMay()('plan');
  const again = useChange(runAgain, () => message.success(t('plan.againDone')));
  const problem = plan.problem;
  const known = problem ? word('problem', problem.code) : '';
  const reason = problem
    ? known === problem.code
      ? problem.title
      : known
    : t(plan.job_state === 'cancelled' ? 'plan.stoppedCancelled' : 'plan.stoppedLost');
  const job = plan.job_id;
  return (
    <Alert
      type="error"
      showIcon
      className="plan-stopped"
      title={t('plan.stoppedTitle', { name: plan.name })}
      description={
        <>
          <p>{t('plan.stoppedText', { day: plan.effective_on, at: moment(plan.stopped_at, language) })}</p>
          <p>
            <strong>{reason}</strong>
          </p>
          {here && problem?.errors && <Places plan={plan.plan_id} places={problem.errors} />}
          {here && <p>{t('plan.todo.stopped')}</p>}
          {again.isError && <Failed cause={again.error} />}
          {plans && (
            <div className="plan-buttons">
              {!here && <Link to={`/plans/${plan.plan_id}`}>{t('plan.stoppedWay')}</Link>}
              {job !== null && plan.job_state !== '' && (
                <Button size="small" loading={again.isPending} onClick={() => again.mutate(job)}>
                  {t('plan.again')}
                </Button>
              )}
            </div>
          )}
        </>
      }
    />
  );
}
