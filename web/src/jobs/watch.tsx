// Says when a job has ended, wherever the reader is on the page by then.
import { useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { isActive, useJobs } from '../api/queries';
import type { Job } from '../api/types';
import { usePage } from '../view/store';
import { useJobTitle } from './progress';

/** endedJobs are those that were under way before and are not any more. */
export function endedJobs(before: ReadonlyMap<number, string>, jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => {
    const state = before.get(job.id);
    return state !== undefined && isActive({ state: state as Job['state'] }) && !isActive(job);
  });
}

export function JobWatch() {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const client = useQueryClient();
  const jobs = useJobs().data;
  const titleOf = useJobTitle();
  const known = useRef<Map<number, string>>(new Map());
  useEffect(() => {
    if (!jobs) return;
    const ended = endedJobs(known.current, jobs);
    known.current = new Map(jobs.map((job) => [job.id, job.state]));
    if (ended.length === 0) return;
    for (const subject of ['plans', 'imports', 'status', 'levels']) {
      client.invalidateQueries({ queryKey: [subject] });
    }
    if (usePage.getState().importing) return; // the wizard shows it already
    for (const job of ended) {
      const tell = job.state === 'done' ? notification.success : notification.warning;
      tell({
        title: t(`jobState.${job.state as 'done'}`),
        description: titleOf(job.title),
        placement: 'bottomRight',
      });
    }
  }, [jobs, client, notification, t, titleOf]);
  return null;
}
