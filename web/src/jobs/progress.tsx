// A job under way: its stage, how far it is, for how long, and how to stop it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Progress } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import { isActive } from '../api/queries';
import type { Job } from '../api/types';
import { count, elapsed, useLanguage, useWords } from '../common/format';

/** share is how much of a job is done, in per cent; null when its end is not known. */
export function share(job: Pick<Job, 'done' | 'total'>): number | null {
  if (job.total <= 0) return null;
  return Math.min(100, Math.max(0, Math.floor((job.done / job.total) * 100)));
}

/** What the server calls jobs, besides imports. */
const TITLES = [
  ['circleNamed', /^service circle: (?<name>.*)$/s],
  ['circle', /^service circle of (?<columns>\d+) columns on (?<day>\S+)$/],
  ['siting', /^siting \(\S+\) for service circle (?<run>\d+)$/],
  ['publish', /^publish plan (?<plan>\d+) on (?<day>\S+)$/],
  ['retention', /^retention$/],
  ['proposal', /^proposal for (?<base>\S+)$/],
  ['dossier', /^dossier of plan (?<plan>\d+) as (?<format>\S+)$/],
] as const;

/** useJobTitle puts a title such as "boundaries: file.geojson" into the reader's language. */
export function useJobTitle(): (title: string) => string {
  const { t } = useTranslation();
  const word = useWords();
  return (title) => {
    for (const [name, pattern] of TITLES) {
      const found = pattern.exec(title);
      if (found) return String(t(`jobTitle.${name}`, { ...found.groups } as never));
    }
    const [, kind = '', rest = ''] = /^([a-z-]+): (.*)$/s.exec(title) ?? [];
    return kind ? `${word('importKind', kind)} · ${rest}` : title;
  };
}

function useElapsed(job: Job): number {
  const [now, setNow] = useState(Date.now);
  const active = isActive(job);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  const start = Date.parse(job.started_at ?? job.created_at);
  const end = job.finished_at ? Date.parse(job.finished_at) : now;
  return (end - start) / 1000;
}

export function useJobAction(action: 'cancel' | 'retry') {
  const client = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: (id: number) =>
      answer(
        action === 'cancel'
          ? api.POST('/jobs/{id}/cancel', { params: { path: { id } } })
          : api.POST('/jobs/{id}/retry', { params: { path: { id } } }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
    onError: (cause) => void message.error(asProblem(cause).message),
  });
}

export function JobProgress({ job }: { job: Job }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const cancel = useJobAction('cancel');
  const seconds = useElapsed(job);
  const percent = share(job);
  return (
    <div className="job-progress" role="status" aria-live="polite">
      <p className="job-stage">
        {job.state === 'waiting'
          ? t('jobState.waiting')
          : job.stage
            ? word('stage', job.stage)
            : t('jobState.running')}
      </p>
      <Progress
        percent={percent ?? 100}
        status={percent === null ? 'active' : 'normal'}
        showInfo={percent !== null}
        aria-label={t('jobs.progress')}
      />
      <p className="soft figures">
        {job.total > 0 ? `${count(job.done, language)} / ${count(job.total, language)} · ` : ''}
        {t('jobs.elapsed', { time: elapsed(seconds) })}
      </p>
      <Button size="small" loading={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
        {t('jobs.cancel')}
      </Button>
    </div>
  );
}
