// One's own leave: from when to when, and back again. Duty passes to the deputies
// at that instant.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Select, Tag } from 'antd';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Section } from './page';

type Absence = components['schemas']['Absence'];

const REASONS = ['leave', 'sick', 'training', 'other'] as const;
type Reason = (typeof REASONS)[number];

/** What an absence changes on the page. */
const TOUCHED = ['absences', 'session', 'posts', 'duty', 'unit'];

export function LeaveSection() {
  const { t } = useTranslation();
  const absences = useQuery({
    queryKey: ['absences', 'mine'],
    queryFn: ({ signal }) =>
      answer<List<Absence>>(api.GET('/absences', { signal, params: { query: { mine: true } } })),
    select: (list) => list.items,
  });
  return (
    <Section title={t('account.absences')} hint={t('account.absencesHint')}>
      {absences.isPending && <Loading rows={2} />}
      {absences.isError && <Failed cause={absences.error} retry={() => absences.refetch()} />}
      {absences.data?.length === 0 && <p className="soft">{t('account.noAbsences')}</p>}
      <ul className="rows">
        {absences.data?.map((absence) => (
          <AbsenceRow key={absence.id} absence={absence} />
        ))}
      </ul>
      <NewLeave />
    </Section>
  );
}

function useTouch() {
  const client = useQueryClient();
  return () => {
    for (const subject of TOUCHED) client.invalidateQueries({ queryKey: [subject] });
  };
}

function AbsenceRow({ absence }: { absence: Absence }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const language = useLanguage();
  const touch = useTouch();
  const begun = Date.parse(absence.from) <= Date.now();
  const end = useMutation({
    mutationFn: () => done(api.DELETE('/absences/{id}', { params: { path: { id: absence.id } } })),
    onSuccess: () => void message.success(t('account.absenceEnded')),
    onSettled: touch,
  });
  return (
    <li className="row">
      <span className="unit-link">
        <span>
          {t(`absenceReason.${absence.reason as Reason}`)}{' '}
          {begun && <Tag color="warning">{t('account.absenceNow')}</Tag>}
        </span>
        <small className="soft figures">
          {moment(absence.from, language)} –{' '}
          {absence.to ? moment(absence.to, language) : t('account.absenceOpen')}
        </small>
        {end.isError && <Failed cause={end.error} />}
      </span>
      <Button size="small" loading={end.isPending} onClick={() => end.mutate()}>
        {t(begun ? 'account.absenceEnd' : 'account.absenceCancel')}
      </Button>
    </li>
  );
}

/** instant is what a date field with a time says, in the reader's zone; nothing when it is empty. */
export const instant = (local: string): string | undefined =>
  local === '' ? undefined : new Date(local).toISOString();

function NewLeave() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const touch = useTouch();
  const id = useId();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState<Reason>('leave');
  const add = useMutation({
    mutationFn: () =>
      answer<Absence>(api.POST('/absences', { body: { from: instant(from), to: instant(to), reason } })),
    onSuccess: () => {
      message.success(t('account.absenceAdded'));
      setFrom('');
      setTo('');
    },
    onSettled: touch,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      {add.isError && <Failed cause={add.error} />}
      <div className="leave-form">
        <div className="form-row">
          <label htmlFor={`${id}reason`}>{t('account.absenceReason')}</label>
          <Select<Reason>
            id={`${id}reason`}
            value={reason}
            onChange={setReason}
            options={REASONS.map((value) => ({ value, label: t(`absenceReason.${value}`) }))}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}from`}>{t('account.absenceFrom')}</label>
          <input
            id={`${id}from`}
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}to`}>{t('account.absenceTo')}</label>
          <input
            id={`${id}to`}
            type="datetime-local"
            min={from || undefined}
            value={to}
            onChange={(event) => setTo(event.target.value)}
          />
        </div>
        <Button htmlType="submit" loading={add.isPending}>
          {t('account.absenceAdd')}
        </Button>
      </div>
      <p className="hint">{t('account.absenceEmpty')}</p>
    </form>
  );
}
