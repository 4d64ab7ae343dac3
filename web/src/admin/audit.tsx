// The log: who did what. It can be searched, verified against its chain of
// hashes, and handed over as a file; access beyond posts stands beside it.
import { CheckCircleOutlined, CloseCircleOutlined, SafetyOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Alert, Button, Form, Input, Tabs } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { API, answer, api, problemOf } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { count, moment, useLanguage, useWords } from '../common/format';
import { Failed } from '../common/states';
import { BreakGlass } from './break-glass';
import { FormDialog, Page, Rows, Shown, today } from './common';
import { save } from './save';

type Schemas = components['schemas'];
type Row = Omit<Schemas['AuditRow'], 'detail'> & { detail: Record<string, unknown> | null };
type Filter = {
  actor?: string;
  action?: string;
  subject?: string;
  subject_id?: string;
  from?: string;
  to?: string;
};

/** given leaves out what was left empty. */
export const given = (filter: Filter): Filter =>
  Object.fromEntries(
    Object.entries(filter).filter(([, value]) => typeof value === 'string' && value.trim() !== ''),
  );

const useAudit = (filter: Filter) =>
  useInfiniteQuery({
    queryKey: ['audit', filter],
    staleTime: 0,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Row>>(
        api.GET('/audit', { signal, params: { query: { ...filter, limit: 100, cursor: pageParam } } }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });

export default function AuditPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('admin.section.audit')} lead={t('admin.audit.hint')}>
      <Tabs
        items={[
          { key: 'log', label: t('admin.audit.log'), children: <Log /> },
          { key: 'break-glass', label: t('admin.breakGlass.title'), children: <BreakGlass /> },
        ]}
      />
    </Page>
  );
}

function Log() {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = useWords();
  const [filter, setFilter] = useState<Filter>({});
  const [exporting, setExporting] = useState(false);
  const rows = useAudit(filter);
  return (
    <>
      <Verification />
      <Form<Filter>
        className="admin-search"
        layout="vertical"
        onFinish={(values) => {
          setFilter(given(values));
          rows.refetch();
        }}
      >
        {(['actor', 'action', 'subject', 'subject_id'] as const).map((name) => (
          <Form.Item key={name} name={name} label={t(`admin.audit.${name}`)}>
            <Input maxLength={100} placeholder={t(`admin.audit.example.${name}`)} />
          </Form.Item>
        ))}
        {(['from', 'to'] as const).map((name) => (
          <Form.Item key={name} name={name} label={t(`admin.audit.${name}`)}>
            <input type="date" max={today()} />
          </Form.Item>
        ))}
        <div className="admin-search-buttons">
          <Button type="primary" htmlType="submit" loading={rows.isFetching}>
            {t('admin.audit.search')}
          </Button>
          <Button onClick={() => setExporting(true)}>{t('admin.audit.export')}</Button>
        </div>
      </Form>
      <Shown query={rows} empty={{ when: (list) => list.length === 0, title: t('admin.audit.none') }}>
        {(list) => (
          <>
            <Rows
              label={t('admin.audit.log')}
              rowKey={(row) => String(row.id)}
              rows={list}
              columns={[
                { title: '#', cell: (row) => row.id },
                {
                  title: t('admin.when'),
                  cell: (row) => <span className="figures">{moment(row.at, language)}</span>,
                },
                { title: t('admin.audit.actor'), cell: (row) => row.actor },
                {
                  title: t('admin.audit.action'),
                  cell: (row) => <Word group="admin.audit.actions" code={row.action} />,
                },
                {
                  title: t('admin.audit.subject'),
                  cell: (row) => (
                    <>
                      {word('admin.audit.subjects', row.subject)}{' '}
                      <span className="figures">{row.subject_id}</span>
                    </>
                  ),
                },
                { title: t('admin.audit.detail'), cell: (row) => <code>{detailText(row.detail)}</code> },
              ]}
            />
            {rows.hasNextPage && (
              <Button loading={rows.isFetchingNextPage} onClick={() => rows.fetchNextPage()}>
                {t('admin.audit.older')}
              </Button>
            )}
          </>
        )}
      </Shown>
      {exporting && <Handover filter={filter} onClose={() => setExporting(false)} />}
    </>
  );
}

/** Word is a code in words, with the code that the log and its filter know. */
function Word({ group, code }: { group: string; code: string }) {
  const word = useWords()(group, code);
  return word === code ? <code>{code}</code> : <span title={code}>{word}</span>;
}

/** detailText writes what a row tells beyond who, what and when. */
export function detailText(detail: Record<string, unknown> | null): string {
  return Object.entries(detail ?? {})
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

function Verification() {
  const { t } = useTranslation();
  const language = useLanguage();
  const verify = useMutation({
    mutationFn: () => answer<Schemas['Verification']>(api.GET('/audit/verification')),
  });
  const report = verify.data;
  return (
    <section className="admin-verify" aria-label={t('admin.audit.verify')}>
      <Button
        icon={<SafetyOutlined aria-hidden="true" />}
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        {t('admin.audit.verify')}
      </Button>
      {!report && <p className="soft">{t('admin.audit.verifyHint')}</p>}
      {verify.isError && <Failed cause={verify.error} />}
      {report && (
        <Alert
          type={report.ok ? 'success' : 'error'}
          showIcon
          icon={report.ok ? <CheckCircleOutlined /> : <CloseCircleOutlined />}
          title={
            report.ok
              ? t('admin.audit.intact')
              : t('admin.audit.broken', { count: report.findings.length + report.more })
          }
          description={
            <>
              <p className="figures">
                {t('admin.audit.verified', {
                  rows: count(report.rows, language),
                  segments: count(report.segments, language),
                  heads: count(report.heads, language),
                })}
              </p>
              <p className="figures soft">
                {t('admin.audit.lastLink', { seq: report.seq, hash: `${report.hash.slice(0, 16)}…` })}
              </p>
              {report.keys === 0 && <p>{t('admin.audit.unsigned')}</p>}
              {report.given_up.length > 0 && (
                <p>{t('admin.audit.givenUp', { parts: report.given_up.join(', ') })}</p>
              )}
              {report.findings.length > 0 && (
                <ul>
                  {report.findings.map((finding) => (
                    <li key={`${finding.kind}${finding.seq}${finding.id}`}>
                      <strong>
                        {t(`admin.audit.finding.${finding.kind as 'changed'}`, {
                          defaultValue: finding.kind,
                        })}
                      </strong>{' '}
                      <span className="figures">
                        {finding.seq !== undefined &&
                          `№ ${finding.seq}${finding.last_seq ? `–${finding.last_seq}` : ''}`}
                        {finding.id !== undefined && ` · #${finding.id}`}
                        {finding.at && ` · ${moment(finding.at, language)}`}
                      </span>{' '}
                      {finding.detail}
                    </li>
                  ))}
                </ul>
              )}
            </>
          }
        />
      )}
    </section>
  );
}

/** Handover asks who receives the extract and what for; both are recorded. */
function Handover({ filter, onClose }: { filter: Filter; onClose: () => void }) {
  const { t } = useTranslation();
  const rules = [{ required: true, min: 2, whitespace: true, message: t('common.required') }];
  return (
    <FormDialog<{ recipient: string; purpose: string }>
      title={t('admin.audit.export')}
      ok={t('admin.audit.download')}
      touched={['audit']}
      onClose={onClose}
      send={async (values) => {
        const response = await fetch(`${API}/audit/exports`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...filter, ...values }),
        });
        if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
        save(`audit-${today()}.csv`, 'text/csv', await response.blob());
      }}
    >
      <p className="hint">{t('admin.audit.exportHint')}</p>
      <Form.Item name="recipient" label={t('admin.audit.recipient')} rules={rules}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="purpose" label={t('admin.audit.purpose')} rules={rules}>
        <Input maxLength={200} />
      </Form.Item>
    </FormDialog>
  );
}
