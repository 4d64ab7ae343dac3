// The desk for residents' rights over their personal information: requests with
// their clock, a decision with its reason, and the copy that was granted.
import { DownloadOutlined, EyeOutlined, PlusOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Alert, Button, Checkbox, Drawer, Form, Input, InputNumber, Radio, Select, Space, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { moment, useDay, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { ACTIONS, byUrgency, daysLeft, type ResidentRequest } from './clock';
import { Facts, FormDialog, Page, Shown, today, useChange } from './common';
import { NoticeText, useNotices } from './notices';
import { save } from './save';
import { Stamp } from './stamp';

type Schemas = components['schemas'];
type Show = 'open' | 'overdue' | 'all';

const useRequests = (show: Show) =>
  useInfiniteQuery({
    queryKey: ['requests', show],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<ResidentRequest>>(
        api.GET('/requests', {
          signal,
          params: {
            query: {
              limit: 200,
              cursor: pageParam,
              open: show === 'open' ? true : undefined,
              overdue: show === 'overdue' ? true : undefined,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items).sort(byUrgency),
  });

export default function RequestsPage() {
  const { t } = useTranslation();
  const [show, setShow] = useState<Show>('open');
  const [chosen, setChosen] = useState<number | null>(null);
  const [recording, setRecording] = useState(false);
  const requests = useRequests(show);
  return (
    <Page
      title={t('admin.section.requests')}
      lead={t('admin.request.hint')}
      actions={
        <Button type="primary" icon={<PlusOutlined aria-hidden="true" />} onClick={() => setRecording(true)}>
          {t('admin.request.new')}
        </Button>
      }
    >
      <Radio.Group
        className="admin-filter"
        aria-label={t('admin.request.show')}
        optionType="button"
        value={show}
        onChange={(event) => setShow(event.target.value)}
        options={(['open', 'overdue', 'all'] as const).map((value) => ({
          value,
          label: t(`admin.request.shows.${value}`),
        }))}
      />
      <Shown query={requests} empty={{ when: (list) => list.length === 0, title: t('admin.request.none') }}>
        {(list) => (
          <>
            <ul className="admin-rows">
              {list.map((one) => (
                <li key={one.id}>
                  <button type="button" className="admin-row" onClick={() => setChosen(one.id)}>
                    <span className="figures soft">#{one.id}</span>
                    <strong>{t(`admin.request.kind.${one.kind}`)}</strong>
                    <Tag>{t(`admin.request.state.${one.state}`)}</Tag>
                    <Clock request={one} />
                  </button>
                </li>
              ))}
            </ul>
            {requests.hasNextPage && (
              <Button loading={requests.isFetchingNextPage} onClick={() => requests.fetchNextPage()}>
                {t('common.more')}
              </Button>
            )}
          </>
        )}
      </Shown>
      {chosen !== null && <OneRequest id={chosen} onClose={() => setChosen(null)} />}
      {recording && <NewRequest onClose={() => setRecording(false)} />}
    </Page>
  );
}

/** Clock says how long there is to answer, in words and not by colour alone. */
export function Clock({ request }: { request: ResidentRequest }) {
  const { t } = useTranslation();
  const write = useDay();
  if (request.state === 'done') return <span className="soft">{t('admin.request.closed')}</span>;
  const left = daysLeft(request.due_on);
  const tone = left < 0 ? 'bad' : left <= 3 ? 'warn' : 'plain';
  const text =
    left < 0
      ? t('admin.request.overdueBy', { count: -left })
      : left === 0
        ? t('admin.request.dueToday')
        : t('admin.request.daysLeft', { count: left });
  return (
    <span className="admin-clock">
      <Stamp tone={tone}>{text}</Stamp>
      <span className="soft figures">{t('admin.request.due', { day: write(request.due_on) })}</span>
    </span>
  );
}

function OneRequest({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation();
  const request = useQuery({
    queryKey: ['requests', 'one', id],
    queryFn: ({ signal }) =>
      answer<ResidentRequest>(api.GET('/requests/{id}', { signal, params: { path: { id } } })),
  });
  const kind = request.data?.kind;
  return (
    <Drawer
      open
      getContainer={overlays}
      size={480}
      title={`#${id}${kind ? ` · ${t(`admin.request.kind.${kind}`)}` : ''}`}
      onClose={onClose}
    >
      <Shown query={request}>{(known) => <Desk request={known} />}</Shown>
    </Drawer>
  );
}

function Desk({ request }: { request: ResidentRequest }) {
  const { t } = useTranslation();
  const may = useMay();
  const language = useLanguage();
  const write = useDay();
  const [deciding, setDeciding] = useState<'grant' | 'refuse' | null>(null);
  const act = useChange(
    (body: Schemas['Decision']) =>
      answer<ResidentRequest>(
        api.POST('/requests/{id}/actions', { params: { path: { id: request.id } }, body }),
      ),
    ['requests', 'audit'],
  );
  const reasonOf = (code: string) => t(`admin.request.reason.${code as 'entitled'}`, { defaultValue: code });
  const actions = may('privacy') ? ACTIONS[request.state] : [];
  return (
    <>
      <p>
        <Tag>{t(`admin.request.state.${request.state}`)}</Tag> <Clock request={request} />
      </p>
      <Facts
        facts={[
          [
            t('admin.request.about'),
            request.household_id
              ? t('admin.request.household', { id: request.household_id })
              : t('admin.request.anAddress'),
          ],
          [t('admin.request.receivedOn'), write(request.received_on)],
          [
            t('admin.request.recordedBy'),
            `${request.recorded_by} · ${moment(request.recorded_at, language)}`,
          ],
          [t('admin.request.assignedTo'), request.assigned_to],
          [
            t('admin.request.decidedBy'),
            request.decided_by && `${request.decided_by} · ${moment(request.decided_at, language)}`,
          ],
          [t('common.reason'), request.reason && reasonOf(request.reason)],
          [t('admin.request.explanation'), request.explanation],
          [t('admin.request.copiedAt'), request.copied_at && moment(request.copied_at, language)],
          [t('admin.request.doneAt'), request.done_at && moment(request.done_at, language)],
        ]}
      />
      {request.warnings.includes('decided_by_recorder') && (
        <Alert type="warning" showIcon title={t('admin.request.sameHand')} />
      )}
      <Applicant request={request} />
      {request.kind === 'copy' && request.state === 'granted' && request.household_id !== null && (
        <CopyOf request={request} />
      )}
      {actions.length > 0 && (
        <Space wrap className="admin-actions">
          {actions.map((action) => (
            <Button
              key={action}
              type={action === 'grant' || action === 'finish' ? 'primary' : 'default'}
              danger={action === 'refuse'}
              loading={act.isPending && act.variables?.do === action}
              onClick={() => {
                if (action === 'grant' || action === 'refuse') setDeciding(action);
                else act.mutate({ do: action });
              }}
            >
              {t(`admin.request.do.${action}`)}
            </Button>
          ))}
        </Space>
      )}
      {deciding && (
        <Decide
          request={request}
          action={deciding}
          onClose={() => setDeciding(null)}
          send={(body) => act.mutateAsync(body)}
        />
      )}
    </>
  );
}

/** Applicant shows who asks, once somebody has to answer them; the look is recorded. */
function Applicant({ request }: { request: ResidentRequest }) {
  const { t } = useTranslation();
  const look = useMutation({
    mutationFn: () =>
      answer<Schemas['Applicant']>(
        api.POST('/requests/{id}/contact/looks', { params: { path: { id: request.id } } }),
      ),
  });
  return (
    <section aria-label={t('admin.request.applicant')}>
      {look.data ? (
        <Facts
          facts={[
            [t('admin.request.name'), look.data.name || '–'],
            [t('admin.request.phone'), look.data.phone || '–'],
            [t('admin.request.address'), look.data.address],
          ]}
        />
      ) : (
        <p>
          <Button
            size="small"
            icon={<EyeOutlined aria-hidden="true" />}
            loading={look.isPending}
            onClick={() => look.mutate()}
          >
            {t('admin.request.look')}
          </Button>{' '}
          <span className="hint">{t('admin.request.lookHint')}</span>
        </p>
      )}
      {look.isError && <Failed cause={look.error} />}
    </section>
  );
}

/** CopyOf hands out the file that was granted, once, to the worker linked to the household. */
function CopyOf({ request }: { request: ResidentRequest }) {
  const { t } = useTranslation();
  const may = useMay();
  const take = useChange(
    async () => {
      const file = await answer<Schemas['File']>(
        api.POST('/requests/{id}/copy', { params: { path: { id: request.id } } }),
      );
      save(`request-${request.id}.json`, 'application/json', JSON.stringify(file, null, 2));
    },
    ['requests'],
    t('admin.request.copySaved'),
  );
  if (!may('contact')) return <Alert type="info" showIcon title={t('admin.request.copyByWorker')} />;
  return (
    <p>
      <Button
        icon={<DownloadOutlined aria-hidden="true" />}
        loading={take.isPending}
        disabled={request.copied_at !== null}
        onClick={() => take.mutate()}
      >
        {t('admin.request.takeCopy')}
      </Button>{' '}
      <span className="hint">{t('admin.request.copyOnce')}</span>
    </p>
  );
}

const REFUSALS = ['legal-duty', 'identity-unproven', 'not-held', 'others-rights', 'other'] as const;

function Decide(props: {
  request: ResidentRequest;
  action: 'grant' | 'refuse';
  onClose: () => void;
  send: (body: Schemas['Decision']) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const { request, action } = props;
  const refuses = action === 'refuse';
  return (
    <FormDialog<Omit<Schemas['Decision'], 'do'>>
      title={t(`admin.request.do.${action}`)}
      ok={t(`admin.request.do.${action}`)}
      danger={refuses || request.kind === 'delete'}
      initial={{ reason: refuses ? undefined : 'entitled' }}
      touched={['requests']}
      onClose={props.onClose}
      send={(values) => props.send({ do: action, ...values })}
    >
      {!refuses && <p>{t(`admin.request.consequence.${request.kind}`)}</p>}
      <Form.Item
        name="reason"
        hidden={!refuses}
        label={t('common.reason')}
        rules={[{ required: true, message: t('common.required') }]}
      >
        <Select
          getPopupContainer={overlays}
          options={(refuses ? REFUSALS : (['entitled'] as const)).map((value) => ({
            value,
            label: t(`admin.request.reason.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item
        name="explanation"
        label={t('admin.request.explanation')}
        extra={t('admin.request.explanationHint')}
        rules={[{ required: refuses, whitespace: true, message: t('common.required') }]}
      >
        <Input.TextArea rows={3} maxLength={500} />
      </Form.Item>
    </FormDialog>
  );
}

type Recorded = Omit<Schemas['NewRequest'], 'notice_version'> & { shown: boolean };

function NewRequest({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const notices = useNotices();
  const notice = notices.data?.find((one) => one.code === 'request');
  const required = [{ required: true, message: t('common.required') }];
  return (
    <FormDialog<Recorded & { about: 'household' | 'address' }>
      title={t('admin.request.new')}
      ok={t('admin.request.record')}
      width={620}
      initial={{ kind: 'copy', about: 'household', received_on: today() }}
      touched={['requests', 'audit']}
      onClose={onClose}
      send={({ shown: _, about, ...values }) => {
        const subject = about === 'household' ? { address: undefined } : { household_id: undefined };
        return answer(
          api.POST('/requests', { body: { ...values, ...subject, notice_version: notice?.version ?? 0 } }),
        );
      }}
    >
      <Shown query={notices} rows={3}>
        {() =>
          notice && (
            <Alert
              type="info"
              title={t('admin.request.showFirst')}
              description={<NoticeText notice={notice} />}
            />
          )
        }
      </Shown>
      <Form.Item
        name="shown"
        valuePropName="checked"
        rules={[
          {
            validator: (_, shown) =>
              shown ? Promise.resolve() : Promise.reject(new Error(t('admin.request.mustShow'))),
          },
        ]}
      >
        <Checkbox>{t('admin.request.wasShown')}</Checkbox>
      </Form.Item>
      <Form.Item name="kind" label={t('admin.request.asks')} rules={required}>
        <Select
          getPopupContainer={overlays}
          options={(['copy', 'correct', 'delete', 'object', 'refuse-visits'] as const).map((value) => ({
            value,
            label: t(`admin.request.kind.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item name="about" label={t('admin.request.about')} rules={required}>
        <Radio.Group
          options={[
            { value: 'household', label: t('admin.request.aHousehold') },
            { value: 'address', label: t('admin.request.anAddress') },
          ]}
        />
      </Form.Item>
      <Form.Item noStyle dependencies={['about']}>
        {({ getFieldValue }) =>
          getFieldValue('about') === 'household' ? (
            <Form.Item name="household_id" label={t('admin.request.householdID')} rules={required}>
              <InputNumber min={1} precision={0} />
            </Form.Item>
          ) : (
            <Form.Item name="address" label={t('admin.request.address')} rules={required}>
              <Input maxLength={200} autoComplete="off" />
            </Form.Item>
          )
        }
      </Form.Item>
      <div className="admin-pair">
        <Form.Item name="name" label={t('admin.request.name')}>
          <Input maxLength={60} autoComplete="off" />
        </Form.Item>
        <Form.Item name="phone" label={t('admin.request.phone')}>
          <Input maxLength={30} autoComplete="off" inputMode="tel" />
        </Form.Item>
      </div>
      <Form.Item name="received_on" label={t('admin.request.receivedOn')} rules={required}>
        <input type="date" max={today()} />
      </Form.Item>
      <p className="hint">{t('admin.request.sealed')}</p>
    </FormDialog>
  );
}
