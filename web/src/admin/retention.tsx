// How long each kind of data is kept, deleting now what is due, and the proofs.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Form, InputNumber } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { isActive, type List, useJob } from '../api/queries';
import type { components } from '../api/schema';
import type { Job } from '../api/types';
import { count, moment, useLanguage, useTitle } from '../common/format';
import { Failed } from '../common/states';
import { JobProgress } from '../jobs/progress';
import { FormDialog, Rows, Shown, useChange } from './common';

type Rule = components['schemas']['PrivacyRule'];
type Proof = components['schemas']['PrivacyProof'];
/** What a run of the retention job tells at its end. */
type Result = { swept: { kind: string; deleted: number }[]; without: string[] };

const useRules = () =>
  useQuery({
    queryKey: ['retention', 'rules'],
    queryFn: ({ signal }) => answer<List<Rule>>(api.GET('/retention', { signal })),
    select: (list) => list.items,
  });

const useProofs = () =>
  useInfiniteQuery({
    queryKey: ['retention', 'proofs'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Proof>>(
        api.GET('/retention/proofs', { signal, params: { query: { limit: 50, cursor: pageParam } } }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });

export function Retention() {
  const { t } = useTranslation();
  const title = useTitle();
  const language = useLanguage();
  const rules = useRules();
  const [changing, setChanging] = useState<Rule | null>(null);
  const english = language === 'en';
  return (
    <>
      <Run rules={rules.data ?? []} />
      <Shown query={rules}>
        {(list) => (
          <Rows
            label={t('admin.register.retention')}
            rowKey={(row) => String(row.kind)}
            rows={list}
            columns={[
              { title: t('admin.retention.kind'), cell: (rule) => title(rule, rule.kind) },
              {
                title: t('admin.retention.days'),
                cell: (rule) =>
                  t('admin.retention.daysSince', {
                    days: count(rule.days, language),
                    event: english ? rule.since_en : rule.since_zh,
                  }),
              },
              {
                title: t('admin.retention.limits'),
                cell: (rule) => `${count(rule.at_least, language)}–${count(rule.at_most, language)}`,
              },
              {
                title: t('admin.purpose.basis'),
                cell: (rule) => (english ? rule.basis_en : rule.basis_zh),
              },
              {
                title: t('admin.actions'),
                cell: (rule) => (
                  <Button
                    size="small"
                    aria-label={t('admin.retention.changeOf', { what: title(rule, rule.kind) })}
                    onClick={() => setChanging(rule)}
                  >
                    {t('admin.change')}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Shown>
      {changing && <ChangeDays rule={changing} onClose={() => setChanging(null)} />}
      <Proofs rules={rules.data ?? []} />
    </>
  );
}

function ChangeDays({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  return (
    <FormDialog<{ days: number }>
      title={t('admin.retention.changeOf', { what: title(rule, rule.kind) })}
      ok={t('common.save')}
      initial={{ days: rule.days }}
      touched={['retention']}
      onClose={onClose}
      send={({ days }) =>
        answer(api.PUT('/retention/{kind}', { params: { path: { kind: rule.kind } }, body: { days } }))
      }
    >
      <Form.Item
        name="days"
        label={t('admin.retention.days')}
        extra={t('admin.retention.between', { least: rule.at_least, most: rule.at_most })}
        rules={[{ required: true, message: t('common.required') }]}
      >
        <InputNumber min={0} precision={0} />
      </Form.Item>
    </FormDialog>
  );
}

/** Run deletes now what is kept long enough, and says what that was. */
function Run({ rules }: { rules: Rule[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const client = useQueryClient();
  const title = useTitle();
  const [id, setID] = useState<number | null>(null);
  const start = useChange(() => answer<Job>(api.POST('/retention/runs')), []);
  const job = useJob(id).data;
  const over = job !== undefined && !isActive(job);
  useEffect(() => {
    if (over) client.invalidateQueries({ queryKey: ['retention'] });
  }, [over, client]);
  const swept = (job?.result as Result | null | undefined)?.swept ?? [];
  const nameOf = (kind: string) =>
    title(
      rules.find((rule) => rule.kind === kind),
      kind,
    );
  return (
    <section className="admin-run" aria-label={t('admin.retention.run')}>
      <Button
        loading={start.isPending || (job !== undefined && !over)}
        onClick={() => start.mutate(undefined, { onSuccess: (started) => setID(started.id) })}
      >
        {t('admin.retention.run')}
      </Button>
      <p className="soft">{t('admin.retention.runHint')}</p>
      {job && !over && <JobProgress job={job} />}
      {job?.problem && <Failed cause={job.problem} />}
      {over && job.state === 'done' && (
        <p role="status">
          {t('admin.retention.ran', {
            count: swept.reduce((sum, one) => sum + one.deleted, 0),
          })}{' '}
          {swept
            .filter((one) => one.deleted > 0)
            .map((one) => `${nameOf(one.kind)} ${count(one.deleted, language)}`)
            .join(' · ')}
        </p>
      )}
    </section>
  );
}

function Proofs({ rules }: { rules: Rule[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const proofs = useProofs();
  return (
    <section aria-labelledby="proofs">
      <h2 id="proofs">{t('admin.retention.proofs')}</h2>
      <p className="soft">{t('admin.retention.proofsHint')}</p>
      <Shown
        query={proofs}
        empty={{ when: (list) => list.length === 0, title: t('admin.retention.noProofs') }}
      >
        {(list) => (
          <>
            <Rows
              label={t('admin.retention.proofs')}
              rowKey={(row) => String(row.id)}
              rows={list}
              columns={[
                { title: t('admin.when'), cell: (proof) => moment(proof.made_at, language) },
                {
                  title: t('admin.retention.kind'),
                  cell: (proof) =>
                    title(
                      rules.find((rule) => rule.kind === proof.kind),
                      proof.kind,
                    ),
                },
                {
                  title: t('admin.retention.count'),
                  cell: (proof) => count(proof.count, language),
                },
                { title: t('admin.retention.rule'), cell: (row) => row.rule },
                { title: t('admin.by'), cell: (row) => row.made_by },
                {
                  title: t('admin.retention.digest'),
                  cell: (proof) => <code title={proof.digest}>{proof.digest.slice(0, 16)}…</code>,
                },
              ]}
            />
            {proofs.hasNextPage && (
              <Button loading={proofs.isFetchingNextPage} onClick={() => proofs.fetchNextPage()}>
                {t('common.more')}
              </Button>
            )}
          </>
        )}
      </Shown>
    </section>
  );
}
