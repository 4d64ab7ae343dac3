// The gateways that are told of duties: where, of what, and what came of it.
import { CopyOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Checkbox, Form, Input, Modal, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, done } from '../api/client';
import { type List, useUnit } from '../api/queries';
import type { components } from '../api/schema';
import { useCopy } from '../common/copy';
import { moment, useLanguage, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { FormDialog, Shown, useChange } from './common';
import { Stamp, type Tone } from './stamp';
import { UnitTree } from './tree';

type Schemas = components['schemas'];
type Hook = Schemas['Hook'];
type Delivery = Schemas['WebhookDelivery'];

const EVENTS = ['given', 'dispatched', 'overdue'] as const;
const TONES: Record<Delivery['state'], Tone> = { waiting: 'warn', delivered: 'good', failed: 'bad' };

/** How often what waits is asked for again, in milliseconds. */
const AGAIN = 3_000;

const of = (id: number) => ({ params: { path: { id } } });

export function Webhooks() {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState('');
  const hooks = useQuery({
    queryKey: ['webhooks'],
    queryFn: ({ signal }) => answer<List<Hook>>(api.GET('/webhooks', { signal })),
    select: ({ items }) => items,
  });
  return (
    <section aria-labelledby="webhooks">
      <header className="admin-card-head">
        <h2 id="webhooks">{t('switches.webhooks')}</h2>
        <Button onClick={() => setAdding(true)}>{t('switches.add')}</Button>
      </header>
      <p className="soft admin-lead">{t('switches.webhooksHint')}</p>
      <Shown query={hooks} empty={{ when: (list) => list.length === 0, title: t('switches.none') }}>
        {(list) => list.map((hook) => <HookCard key={hook.id} hook={hook} onSecret={setSecret} />)}
      </Shown>
      {adding && <AddHook onSecret={setSecret} onClose={() => setAdding(false)} />}
      {secret && <Secret secret={secret} onClose={() => setSecret('')} />}
    </section>
  );
}

function HookCard({ hook, onSecret }: { hook: Hook; onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const language = useLanguage();
  const unit = useUnit(hook.unit).data;
  const { url } = hook;
  const change = useChange(
    (enabled: boolean) =>
      answer<Hook>(
        api.PUT('/webhooks/{id}', { ...of(hook.id), body: { url, events: hook.events, enabled } }),
      ),
    ['webhooks', 'audit'],
  );
  const test = useChange(
    () => answer(api.POST('/webhooks/{id}/test', of(hook.id))),
    ['webhooks', 'webhook-deliveries', 'audit'],
    t('switches.sent'),
  );
  const again = useChange(
    () => answer(api.POST('/webhooks/{id}/retry', of(hook.id))),
    ['webhooks', 'webhook-deliveries', 'audit'],
    t('switches.onItsWay'),
  );
  const renew = useChange(
    async () =>
      onSecret((await answer<{ secret: string }>(api.POST('/webhooks/{id}/secret', of(hook.id)))).secret),
    ['audit'],
  );
  const remove = useChange(
    () => done(api.DELETE('/webhooks/{id}', of(hook.id))),
    ['webhooks', 'audit'],
    t('switches.removed'),
  );
  const sure = (title: string, okText: string, onOk: () => Promise<unknown>) =>
    modal.confirm({
      getContainer: overlays,
      title,
      okText,
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => onOk().catch(() => undefined), // useChange says why
    });
  return (
    <article className="admin-card" aria-label={t('switches.of', { url })}>
      <header className="admin-card-head">
        <h3 className="admin-url">{url}</h3>
        {hook.waiting > 0 && <Stamp tone="warn">{t('switches.waiting', { count: hook.waiting })}</Stamp>}
        {hook.failed > 0 && <Stamp tone="bad">{t('switches.failed', { count: hook.failed })}</Stamp>}
        <Switch
          aria-label={t('switches.enabled', { url })}
          checked={hook.enabled}
          loading={change.isPending}
          onChange={(enabled) => change.mutate(enabled)}
        />
      </header>
      <p className="soft">
        {unit?.name ?? hook.unit} ·{' '}
        {hook.events.map((event) => t(`switches.event.${event}`)).join(language === 'en' ? ', ' : '、')}
      </p>
      <div className="admin-inline">
        <Button
          disabled={!hook.enabled}
          loading={test.isPending}
          aria-label={t('switches.testOf', { url })}
          onClick={() => test.mutate(undefined)}
        >
          {t('switches.test')}
        </Button>
        {hook.failed > 0 && (
          <Button
            disabled={!hook.enabled}
            loading={again.isPending}
            aria-label={t('switches.againOf', { url })}
            onClick={() => again.mutate(undefined)}
          >
            {t('switches.again')}
          </Button>
        )}
        <Button
          aria-label={t('switches.renewOf', { url })}
          onClick={() =>
            sure(t('switches.renewTitle'), t('switches.renew'), () => renew.mutateAsync(undefined))
          }
        >
          {t('switches.renew')}
        </Button>
        <Button
          danger
          aria-label={t('switches.removeOf', { url })}
          onClick={() =>
            sure(t('switches.removeTitle'), t('switches.remove'), () => remove.mutateAsync(undefined))
          }
        >
          {t('switches.remove')}
        </Button>
      </div>
      <Deliveries hook={hook.id} />
    </article>
  );
}

/** Deliveries are the last messages, and what came of them. */
function Deliveries({ hook }: { hook: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const problem = useProblem();
  const list = useQuery({
    queryKey: ['webhook-deliveries', hook],
    queryFn: ({ signal }) =>
      answer<List<Delivery>>(
        api.GET('/webhooks/{id}/deliveries', {
          signal,
          params: { path: { id: hook }, query: { limit: 10 } },
        }),
      ),
    select: ({ items }) => items,
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.state === 'waiting') ? AGAIN : false,
  });
  return (
    <>
      <h4>{t('switches.deliveries')}</h4>
      <Shown query={list} rows={2}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <p className="soft">{t('switches.noDeliveries')}</p>
          ) : (
            <ul className="admin-list">
              {deliveries.map((one) => (
                <li key={one.id}>
                  <Stamp tone={TONES[one.state]}>{t(`switches.state.${one.state}`)}</Stamp>{' '}
                  {t(`switches.event.${one.event}`)}{' '}
                  <span className="soft figures">
                    {[
                      moment(one.made_at, language),
                      one.problem && problem(one.problem),
                      one.problem && t('switches.tries', { count: one.tries }),
                      one.next_at &&
                        one.tries > 0 &&
                        t('switches.next', { time: moment(one.next_at, language) }),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

/** useProblem says what went wrong at the last try. */
function useProblem(): (code: string) => string {
  const { t } = useTranslation();
  const word = useWords();
  return (code) => {
    const status = /^status_(\d+)$/.exec(code)?.[1];
    return status ? t('switches.problem.status', { status }) : word('switches.problem', code);
  };
}

type NewHook = { url: string; events: Hook['events'] };

function AddHook({ onSecret, onClose }: { onSecret: (secret: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [unit, setUnit] = useState('');
  return (
    <FormDialog<NewHook & { unit?: string }>
      title={t('switches.add')}
      ok={t('switches.add')}
      initial={{ events: [...EVENTS] }}
      touched={['webhooks', 'audit']}
      onClose={onClose}
      send={async ({ url, events }) => {
        const made = await answer<Schemas['MadeWebhook']>(
          api.POST('/webhooks', { body: { unit, url: url.trim(), events, enabled: true } }),
        );
        onSecret(made.secret);
      }}
    >
      <Form.Item
        name="url"
        label={t('switches.url')}
        extra={t('switches.urlHint')}
        rules={[{ required: true }]}
      >
        <Input maxLength={500} inputMode="url" placeholder="https://" autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="events"
        label={t('switches.events')}
        // Not required by name: a group of boxes may not say so (ARIA).
        rules={[{ type: 'array', min: 1, message: t('switches.eventsMissing') }]}
      >
        <Checkbox.Group
          options={EVENTS.map((event) => ({ value: event, label: t(`switches.event.${event}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="unit"
        label={t('switches.unit')}
        required
        rules={[
          {
            validator: () =>
              unit ? Promise.resolve() : Promise.reject(new Error(t('switches.unitMissing'))),
          },
        ]}
      >
        <UnitTree chosen={unit || null} onChoose={setUnit} />
      </Form.Item>
    </FormDialog>
  );
}

/** Secret is shown once; the server keeps it and tells nobody. */
function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const client = useQueryClient();
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('switches.secret')}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button
          type="primary"
          onClick={() => {
            client.invalidateQueries({ queryKey: ['webhooks'] });
            onClose();
          }}
        >
          {t('switches.noted')}
        </Button>
      }
    >
      <p>{t('switches.secretHint')}</p>
      <p className="admin-secret">
        <code>{secret}</code>
        <Button icon={<CopyOutlined aria-hidden="true" />} onClick={() => copy(secret, t('switches.secret'))}>
          {t('admin.copy')}
        </Button>
      </p>
    </Modal>
  );
}
