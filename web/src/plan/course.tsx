// The course of a plan: what has been done and by whom, and the one thing to do next.
import { App, Button, Input, Tag } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { type Permission, useMay } from '../account/session';
import type { Plan } from '../api/types';
import { moment, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import {
  type Entry,
  rollBack,
  type Stage,
  type Course as Standing,
  take,
  useChange,
  useChecklist,
  useCourse,
  useMine,
  useStopped,
  withdraw,
} from './queries';
import { StoppedPlan } from './stopped';
import { compareAddress, isForOther, nextStage, useStageName, useWho } from './words';

export function Course({ plan }: { plan: Plan }) {
  const course = useCourse(plan);
  if (course.isError) return <Failed cause={course.error} retry={() => course.refetch()} />;
  if (!course.data) return <Loading rows={6} />;
  return (
    <>
      <Next plan={plan} course={course.data} />
      <Ladder plan={plan} course={course.data} />
      <Log course={course.data} />
    </>
  );
}

/** Next says in words what is to be done, with the button that does it. */
function Next({ plan, course }: { plan: Plan; course: Standing }) {
  const { t } = useTranslation();
  const stopped = useStopped().data?.find((one) => one.plan_id === plan.id);
  return (
    <section className="plan-next" aria-labelledby="plan-next">
      <h2 id="plan-next">{t('plan.next')}</h2>
      {plan.state === 'draft' && <NextOfDraft plan={plan} course={course} />}
      {plan.state === 'adopted' &&
        (stopped ? (
          <StoppedPlan plan={stopped} here />
        ) : (
          <p>{t('plan.todo.waits', { day: plan.effective_on ?? '' })}</p>
        ))}
      {plan.state === 'adopted' && <Withdraw plan={plan} />}
      {plan.state === 'published' && (
        <>
          <p>{t('plan.todo.done', { day: plan.effective_on ?? '' })}</p>
          <div className="plan-buttons">
            <Link to={compareAddress(plan)}>{t('plan.difference')}</Link>
            <RollBack plan={plan} />
          </div>
        </>
      )}
      {plan.state === 'abandoned' && (
        <p>
          {t('plan.todo.abandoned')} <Link to="/workshop">{t('workshop.drafts')}</Link>
        </p>
      )}
    </section>
  );
}

function NextOfDraft({ plan, course }: { plan: Plan; course: Standing }) {
  const { t } = useTranslation();
  const nameOf = useStageName(course);
  const may = useMay();
  const mine = useMine();
  const stage = nextStage(course);
  if (!stage) return <ToPublish plan={plan} />;
  const name = nameOf(stage.code);
  const other = isForOther(course, stage, mine);
  const allowed = may(stage.may as Permission);
  const first = course.procedure.stages[0] === stage;
  return (
    <>
      <p>
        {t(other ? 'plan.todo.other' : allowed ? 'plan.todo.stage' : 'plan.todo.nobody', { stage: name })}
      </p>
      {allowed && !(other && first) && (
        <TakeStage
          key={stage.code}
          plan={plan}
          stage={stage}
          name={name}
          mayPass={!other}
          mayReturn={!first}
        />
      )}
    </>
  );
}

function TakeStage(props: { plan: Plan; stage: Stage; name: string; mayPass: boolean; mayReturn: boolean }) {
  const { t } = useTranslation();
  const id = useId();
  const [note, setNote] = useState('');
  const step = useChange((outcome: 'passed' | 'returned') =>
    take(props.plan, { stage: props.stage.code, outcome, note: note.trim() }),
  );
  return (
    <div className="plan-stage">
      <label htmlFor={id}>
        {t('plan.note')} {props.mayReturn && <small className="soft">{t('plan.noteHint')}</small>}
      </label>
      <Input.TextArea
        id={id}
        rows={2}
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      {step.isError && <Failed cause={step.error} />}
      <div className="plan-buttons">
        {props.mayPass && (
          <Button type="primary" loading={step.isPending} onClick={() => step.mutate('passed')}>
            {t('plan.pass', { stage: props.name })}
          </Button>
        )}
        {props.mayReturn && (
          <Button
            danger
            disabled={!note.trim()}
            loading={step.isPending}
            onClick={() => step.mutate('returned')}
          >
            {t('plan.returnIt')}
          </Button>
        )}
      </div>
    </div>
  );
}

function ToPublish({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const checks = useChecklist(plan, null);
  if (checks.isError) return <Failed cause={checks.error} retry={() => checks.refetch()} />;
  const stops = checks.data?.filter((check) => check.state === 'stop').length;
  return (
    <p>
      {stops === undefined
        ? t('plan.todo.checking')
        : stops > 0
          ? t('plan.todo.stops', { count: stops })
          : t('plan.todo.ready')}{' '}
      <Link to="?tab=checks">{t('plan.tab.checks')}</Link>
    </p>
  );
}

export function Withdraw({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const change = useChange(withdraw, () => message.success(t('plan.withdrawn')));
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('plan.withdrawTitle'),
      content: t('plan.withdrawText'),
      okText: t('plan.withdraw'),
      cancelText: t('common.cancel'),
      onOk: () => change.mutateAsync(plan.id).catch(() => {}),
    });
  return (
    <div className="plan-buttons">
      {change.isError && <Failed cause={change.error} />}
      <Button loading={change.isPending} onClick={ask}>
        {t('plan.withdraw')}
      </Button>
    </div>
  );
}

/** RollBack makes a draft of the division before a plan, once one has read what that means. */
function RollBack({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const change = useChange(
    (name: string) => rollBack(plan.id, name),
    (made) => navigate(`/plans/${made.id}`),
  );
  const ask = () => {
    let name = t('plan.rollbackOf', { name: plan.name });
    modal.confirm({
      getContainer: overlays,
      title: t('plan.rollbackTitle', { name: plan.name }),
      content: (
        <>
          <p>{t('plan.rollbackText')}</p>
          <Input
            aria-label={t('plan.rollbackName')}
            defaultValue={name}
            maxLength={200}
            onChange={(event) => {
              name = event.target.value;
            }}
          />
        </>
      ),
      okText: t('plan.rollbackMake'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => change.mutateAsync(name.trim()).catch(() => {}),
    });
  };
  return (
    <>
      <Button danger loading={change.isPending} onClick={ask}>
        {t('plan.rollback')}
      </Button>
      {change.isError && <Failed cause={change.error} />}
    </>
  );
}

type Rung = { key: string; name: string; done: boolean; about: string; note: string };

/** Ladder shows where the plan is between its draft and its being in force. */
function Ladder({ plan, course }: { plan: Plan; course: Standing }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const who = useWho(course.people);
  const nameOf = useStageName(course);
  const mine = useMine();
  const sealed = plan.state === 'adopted' || plan.state === 'published';
  const by = (name: string | null, at: string | null) =>
    [who(name), at && moment(at, language)].filter(Boolean).join(' · ');
  // A plan that is sealed was decided in the procedure of its time; what was passed then is told below.
  const procedure = sealed ? [] : course.procedure.stages;
  const stages = procedure.map((stage): Rung => {
    const entry = course.passed.find((one) => one.stage === stage.code);
    const wants = [
      stage.other_than.length > 0 &&
        (isForOther(course, stage, mine) || course.next === stage.code) &&
        t('plan.step.byOther'),
      stage.binding && t('plan.step.binding'),
    ];
    return {
      key: stage.code,
      name: nameOf(stage.code),
      done: entry !== undefined,
      about: entry ? by(entry.done_by, entry.done_at) : wants.filter(Boolean).join(' · '),
      note: entry?.note ?? '',
    };
  });
  const rungs: Rung[] = [
    {
      key: '-draft',
      name: t('plan.step.draft'),
      done: true,
      about: by(plan.created_by, plan.created_at),
      note: '',
    },
    ...stages,
    {
      key: '-adopted',
      name: t('plan.step.adopted'),
      done: sealed,
      about: by(plan.adopted_by, plan.adopted_at),
      note: '',
    },
    {
      key: '-published',
      name: t('plan.step.published'),
      done: plan.state === 'published',
      about: [plan.effective_on, plan.published_at && moment(plan.published_at, language)]
        .filter(Boolean)
        .join(' · '),
      note: '',
    },
  ];
  const now = plan.state === 'abandoned' ? -1 : rungs.findIndex((rung) => !rung.done);
  const none = course.procedure.stages.length === 0;
  return (
    <section aria-label={t('plan.tab.course')}>
      {!sealed && (
        <p className="soft">
          {none ? t('plan.step.direct') : t('plan.step.within', { procedure: title(course.procedure) })}
        </p>
      )}
      <ol className="plan-ladder">
        {rungs.map((rung, index) => (
          <li
            key={rung.key}
            className={rung.done ? 'plan-done' : undefined}
            aria-current={index === now ? 'step' : undefined}
          >
            <strong>{rung.name}</strong>{' '}
            <Tag>{t(rung.done ? 'plan.step.done' : index === now ? 'plan.step.now' : 'plan.step.later')}</Tag>
            {rung.about && <p className="soft">{rung.about}</p>}
            {rung.note && <p>{rung.note}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Log is all that was done, also what was undone by a return or an edit. */
function Log({ course }: { course: Standing }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const who = useWho(course.people);
  const nameOf = useStageName(course);
  if (course.log.length === 0) return null;
  const words = (entry: Entry) =>
    t(entry.outcome === 'passed' ? 'plan.passed' : 'plan.returned', { stage: nameOf(entry.stage) });
  return (
    <section aria-labelledby="plan-log">
      <h2 id="plan-log">{t('plan.log')}</h2>
      <ul className="rows">
        {course.log.map((entry) => (
          <li className="row" key={`${entry.done_at}${entry.stage}`}>
            <span className="unit-link">
              <span>
                {who(entry.done_by)} {words(entry)}
              </span>
              <small className="soft">
                {moment(entry.done_at, language)} · {t('plan.atRevision', { revision: entry.revision })}
              </small>
              {entry.note && <span>{entry.note}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
