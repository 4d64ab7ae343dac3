// Who is away. Duty passes to the deputy at that instant, and back when it ends.
import { PlusOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Checkbox, Form, Popconfirm, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { FormDialog, Rows, Shown, useChange } from './common';
import { type Absence, REASONS, TOUCHED } from './duties';
import { AccountSelect } from './post-dialogs';
import { Stamp } from './stamp';

const useAbsences = (past: boolean) =>
  useInfiniteQuery({
    queryKey: ['absences', past],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Absence>>(
        api.GET('/absences', { signal, params: { query: { past, limit: 200, cursor: pageParam } } }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });

/** stateOf is where an absence stands at a moment. */
export function stateOf(absence: Pick<Absence, 'from' | 'to'>, now = Date.now()): 'coming' | 'now' | 'over' {
  if (Date.parse(absence.from) > now) return 'coming';
  return absence.to && Date.parse(absence.to) <= now ? 'over' : 'now';
}

const TONE = { coming: 'plain', now: 'warn', over: 'plain' } as const;

export function Absences() {
  const { t } = useTranslation();
  const language = useLanguage();
  const [past, setPast] = useState(false);
  const [adding, setAdding] = useState(false);
  const absences = useAbsences(past);
  return (
    <>
      <div className="admin-actions">
        <Button icon={<PlusOutlined aria-hidden="true" />} onClick={() => setAdding(true)}>
          {t('admin.absence.record')}
        </Button>
        <Checkbox checked={past} onChange={(event) => setPast(event.target.checked)}>
          {t('admin.absence.past')}
        </Checkbox>
      </div>
      <Shown query={absences} empty={{ when: (list) => list.length === 0, title: t('admin.absence.none') }}>
        {(list) => (
          <>
            <Rows
              label={t('admin.absence.title')}
              rowKey={(row) => String(row.id)}
              rows={list}
              columns={[
                { title: t('admin.account.login'), cell: (row) => row.login },
                {
                  title: t('admin.absence.state'),
                  cell: (one) => (
                    <Stamp tone={TONE[stateOf(one)]}>{t(`admin.absence.states.${stateOf(one)}`)}</Stamp>
                  ),
                },
                {
                  title: t('admin.absence.from'),
                  cell: (one) => moment(one.from, language),
                },
                {
                  title: t('admin.absence.to'),
                  cell: (one) => (one.to ? moment(one.to, language) : t('admin.absence.open')),
                },
                { title: t('common.reason'), cell: (one) => t(`absenceReason.${one.reason}`) },
                { title: t('admin.by'), cell: (row) => row.recorded_by },
                {
                  title: t('admin.actions'),
                  cell: (one) => stateOf(one) !== 'over' && <EndAbsence absence={one} />,
                },
              ]}
            />
            {absences.hasNextPage && (
              <Button loading={absences.isFetchingNextPage} onClick={() => absences.fetchNextPage()}>
                {t('common.more')}
              </Button>
            )}
          </>
        )}
      </Shown>
      {adding && <RecordAbsence onClose={() => setAdding(false)} />}
    </>
  );
}

function EndAbsence({ absence }: { absence: Absence }) {
  const { t } = useTranslation();
  const end = useChange(
    () => done(api.DELETE('/absences/{id}', { params: { path: { id: absence.id } } })),
    TOUCHED,
    t('admin.absence.ended'),
  );
  const coming = stateOf(absence) === 'coming';
  return (
    <Popconfirm
      title={t(coming ? 'admin.absence.forgetTitle' : 'admin.absence.endTitle', { login: absence.login })}
      okText={t('admin.absence.end')}
      cancelText={t('common.cancel')}
      getPopupContainer={overlays}
      onConfirm={() => end.mutate()}
    >
      <Button
        size="small"
        loading={end.isPending}
        aria-label={t('admin.absence.endOf', { login: absence.login })}
      >
        {t('admin.absence.end')}
      </Button>
    </Popconfirm>
  );
}

type Values = { account: string; from?: string; to?: string; reason: (typeof REASONS)[number] };

/** RecordAbsence records that somebody is away; without a beginning from now on, without an end until it is ended. */
export function RecordAbsence({ login, onClose }: { login?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const required = [{ required: true, message: t('common.required') }];
  const moment = (local: string | undefined) => (local ? new Date(local).toISOString() : undefined);
  return (
    <FormDialog<Values>
      title={t('admin.absence.record')}
      ok={t('admin.absence.record')}
      initial={{ account: login, reason: 'leave' }}
      touched={TOUCHED}
      onClose={onClose}
      send={({ from, to, ...values }) =>
        answer(api.POST('/absences', { body: { ...values, from: moment(from), to: moment(to) } }))
      }
    >
      <p className="hint">{t('admin.absence.hint')}</p>
      <Form.Item name="account" label={t('admin.account.login')} rules={required}>
        <AccountSelect />
      </Form.Item>
      <Form.Item name="reason" label={t('common.reason')} rules={required}>
        <Select
          getPopupContainer={overlays}
          options={REASONS.map((value) => ({ value, label: t(`absenceReason.${value}`) }))}
        />
      </Form.Item>
      <div className="admin-pair">
        <Form.Item name="from" label={t('admin.absence.from')} extra={t('admin.absence.fromHint')}>
          <input type="datetime-local" />
        </Form.Item>
        <Form.Item name="to" label={t('admin.absence.to')} extra={t('admin.absence.toHint')}>
          <input type="datetime-local" />
        </Form.Item>
      </div>
    </FormDialog>
  );
}
