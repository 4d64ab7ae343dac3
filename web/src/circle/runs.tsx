// The runs there are: opened, compared, made again when they are stale, removed.
import { DeleteOutlined, DiffOutlined, MoreOutlined, ReloadOutlined } from '@ant-design/icons';
import { App, Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { useJob } from '../api/queries';
import { moment, useLanguage, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { JobProgress } from '../jobs/progress';
import { isUnderWay, useCompute, useRemove, useRuns } from './queries';
import type { Run } from './types';
import { useCircleView } from './view';
import { useColumnText, useStandardText } from './words';

export function Runs() {
  const { t } = useTranslation();
  const runs = useRuns();
  const [view] = useCircleView();
  return (
    <section className="block" aria-labelledby="circle-runs">
      <h2 id="circle-runs">{t('circle.run.list')}</h2>
      {runs.isPending && <Loading rows={3} />}
      {runs.isError && <Failed cause={runs.error} retry={() => runs.refetch()} />}
      {runs.data?.length === 0 && <p className="soft">{t('circle.run.noneHint')}</p>}
      <ul className="circle-runs">
        {runs.data?.map((run) => (
          <li key={run.id} className={run.id === view.run ? 'circle-run-chosen' : undefined}>
            <RunRow run={run} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** useRunName is the title of a run, or what it asked. */
export function useRunName(): (run: Run) => string {
  const { t } = useTranslation();
  const text = useColumnText();
  return (run) => {
    const [first, ...others] = run.params.columns;
    if (run.params.title || !first) return run.params.title || `#${run.id}`;
    return others.length > 0
      ? t('circle.run.andMore', { what: text(first), count: others.length })
      : text(first);
  };
}

function RunRow({ run }: { run: Run }) {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  const language = useLanguage();
  const name = useRunName();
  const standard = useStandardText();
  const chosen = run.id === view.run;
  const [first] = run.params.columns;
  return (
    <>
      <div className="circle-run-head">
        <button
          type="button"
          className="circle-run"
          aria-current={chosen ? 'true' : undefined}
          onClick={() => setView({ run: run.id, column: 0 })}
        >
          <span className="circle-run-name">{name(run)}</span>
          <small className="soft figures">
            #{run.id} · {run.unit_name || t('circle.choose.wholeArea')} · {run.params.on} ·{' '}
            {moment(run.created_at, language)}
          </small>
          {first && <small className="soft figures">{standard(first.standard)}</small>}
          <RunState run={run} />
        </button>
        <RunMenu run={run} />
      </div>
      {chosen && isUnderWay(run) && <Progress run={run} />}
      {chosen && run.stale && <Again run={run} />}
    </>
  );
}

function RunState({ run }: { run: Run }) {
  const { t } = useTranslation();
  const [view] = useCircleView();
  return (
    <span className="circle-stamps">
      {run.state !== 'done' && <span className="circle-stamp">{t(`jobState.${run.state}`)}</span>}
      {run.stale && <span className="circle-stamp circle-stamp-warn">{t('circle.run.stale')}</span>}
      {run.id === view.before && <span className="circle-stamp">{t('circle.run.compared')}</span>}
    </span>
  );
}

function Progress({ run }: { run: Run }) {
  const job = useJob(run.job).data;
  return job && isUnderWay(job) ? <JobProgress job={job} /> : null;
}

/** Again says why a run is stale, and makes it anew with the inputs of today. */
function Again({ run }: { run: Run }) {
  const { t } = useTranslation();
  const word = useWords();
  const again = useAgain();
  return (
    <div className="circle-stale">
      <p>
        {t('circle.run.staleBecause', {
          what: (run.stale_because ?? []).map((one) => word('circle.stale', one)).join(t('circle.and')),
        })}
      </p>
      <Button
        size="small"
        loading={again.isPending}
        icon={<ReloadOutlined aria-hidden="true" />}
        onClick={() => again.mutate({ ...run.params, before: run.id })}
      >
        {t('circle.run.again')}
      </Button>
    </div>
  );
}

function useAgain() {
  const [, setView] = useCircleView();
  return useCompute((started) => setView({ run: started.id, side: 'after' }));
}

function RunMenu({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const [view, setView] = useCircleView();
  const name = useRunName();
  const again = useAgain();
  const remove = useRemove((id) => {
    if (view.run === id) setView({ run: null, column: 0, before: null });
    if (view.before === id) setView({ before: null, side: 'after' });
  });
  const ask = () =>
    modal.confirm({
      title: t('circle.run.removeTitle', { name: name(run) }),
      okText: t('circle.run.remove'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => remove.mutateAsync(run.id).catch((cause) => message.error(asProblem(cause).message)),
    });
  const compared = run.id === view.before;
  return (
    <Dropdown
      trigger={['click']}
      getPopupContainer={overlays}
      menu={{
        items: [
          {
            key: 'compare',
            icon: <DiffOutlined aria-hidden="true" />,
            disabled: run.id === view.run || run.state !== 'done' || view.run === null,
            label: t(compared ? 'circle.run.compareNot' : 'circle.run.compare'),
            onClick: () =>
              setView(compared ? { before: null, side: 'after' } : { before: run.id, side: 'difference' }),
          },
          {
            key: 'again',
            icon: <ReloadOutlined aria-hidden="true" />,
            label: t('circle.run.again'),
            onClick: () => again.mutate(run.params),
          },
          {
            key: 'remove',
            danger: true,
            disabled: isUnderWay(run),
            icon: <DeleteOutlined aria-hidden="true" />,
            label: t('circle.run.remove'),
            onClick: ask,
          },
        ],
      }}
    >
      <Button
        type="text"
        size="small"
        aria-label={t('circle.run.actions', { name: name(run) })}
        icon={<MoreOutlined aria-hidden="true" />}
      />
    </Dropdown>
  );
}
