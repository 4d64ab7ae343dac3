// What can be changed of a post: who holds it, its title, its end; and its history.

import { useQuery } from '@tanstack/react-query';
import { Alert, Drawer, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, done } from '../api/client';
import type { components } from '../api/schema';
import { useDay, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { useAccounts } from './accounts-list';
import { FormDialog, Shown, today } from './common';
import { type Post, type Rank, TOUCHED, useStaffing } from './duties';

type Schemas = components['schemas'];

/** AccountSelect finds an account by part of its login; nothing chosen means nobody. */
export function AccountSelect(props: { id?: string; value?: string; onChange?: (login: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const accounts = useAccounts(text);
  return (
    <Select<string>
      id={props.id}
      value={props.value || undefined}
      onChange={(login) => props.onChange?.(login ?? '')}
      showSearch={{ optionFilterProp: 'label', onSearch: setText }}
      allowClear
      loading={accounts.isFetching}
      placeholder={t('admin.account.choose')}
      notFoundContent={accounts.isFetching ? t('common.loading') : t('admin.account.none')}
      getPopupContainer={overlays}
      options={(accounts.data ?? [])
        .filter((account) => account.state !== 'disabled')
        .map((account) => ({
          value: account.login,
          label: account.name ? `${account.name} ${account.login}` : account.login,
        }))}
    />
  );
}

export function HandOver({ post, rank, onClose }: { post: Post; rank: Rank; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const held = rank === 'A' ? post.a : post.b;
  return (
    <FormDialog<{ account?: string; from: string }>
      title={t('admin.post.handOverOf', { post: title(post, post.kind), rank: t(`admin.rank.${rank}`) })}
      ok={t(held ? 'admin.post.handOver' : 'admin.post.assign')}
      initial={{ from: today() }}
      touched={TOUCHED}
      onClose={onClose}
      send={({ account, from }) =>
        answer(
          api.PUT('/posts/{id}/holders/{rank}', {
            params: { path: { id: post.id, rank } },
            body: { account: account ?? '', from },
          }),
        )
      }
    >
      {held && <p>{t('admin.post.heldBy', { who: held.name || held.login })}</p>}
      <Form.Item
        name="account"
        label={t('admin.post.to')}
        extra={held ? t('admin.post.toNobody') : undefined}
        rules={held ? [] : [{ required: true, message: t('common.required') }]}
      >
        <AccountSelect />
      </Form.Item>
      <From label={t('admin.post.from')} />
    </FormDialog>
  );
}

/** From is a day from which something holds. */
function From({ label, name = 'from' }: { label: string; name?: string }) {
  const { t } = useTranslation();
  return (
    <Form.Item name={name} label={label} rules={[{ required: true, message: t('common.required') }]}>
      <input type="date" />
    </Form.Item>
  );
}

export function NewPost({ unit, kind, onClose }: { unit: string; kind?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const staffing = useStaffing();
  return (
    <FormDialog<Schemas['NewPost']>
      title={t('admin.post.add')}
      ok={t('admin.post.add')}
      initial={{ kind, from: today() }}
      touched={TOUCHED}
      onClose={onClose}
      send={(values) => answer(api.POST('/posts', { body: { ...values, unit } }))}
    >
      <Form.Item
        name="kind"
        label={t('admin.post.kind')}
        rules={[{ required: true, message: t('common.required') }]}
      >
        <Select
          getPopupContainer={overlays}
          loading={staffing.isPending}
          options={staffing.data?.kinds.map((one) => ({ value: one.kind, label: title(one, one.kind) }))}
        />
      </Form.Item>
      <Form.Item noStyle dependencies={['kind']}>
        {({ getFieldValue }) =>
          getFieldValue('kind') === 'department-officer' && (
            <Form.Item
              name="department"
              label={t('admin.post.department')}
              rules={[{ required: true, message: t('common.required') }]}
            >
              <Input maxLength={60} />
            </Form.Item>
          )
        }
      </Form.Item>
      <Form.Item name="title" label={t('admin.post.title')} extra={t('admin.post.titleHint')}>
        <Input maxLength={60} />
      </Form.Item>
      <From label={t('admin.post.from')} />
    </FormDialog>
  );
}

export function Retitle({ post, onClose }: { post: Post; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog<{ title?: string; from: string }>
      title={t('admin.post.retitle')}
      ok={t('common.save')}
      initial={{ title: post.title, from: today() }}
      touched={TOUCHED}
      onClose={onClose}
      send={({ title, from }) =>
        answer(
          api.PATCH('/posts/{id}', { params: { path: { id: post.id } }, body: { title: title ?? '', from } }),
        )
      }
    >
      <Form.Item name="title" label={t('admin.post.title')} extra={t('admin.post.titleHint')}>
        <Input maxLength={60} />
      </Form.Item>
      <From label={t('admin.post.from')} />
    </FormDialog>
  );
}

export function EndPost({ post, onClose }: { post: Post; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  return (
    <FormDialog<{ on: string }>
      title={t('admin.post.endOf', { post: title(post, post.kind) })}
      ok={t('admin.post.end')}
      danger
      initial={{ on: today() }}
      touched={TOUCHED}
      onClose={onClose}
      send={({ on }) => done(api.DELETE('/posts/{id}', { params: { path: { id: post.id }, query: { on } } }))}
    >
      <Alert type="warning" showIcon title={t('admin.post.endHint')} />
      <From name="on" label={t('admin.post.on')} />
    </FormDialog>
  );
}

export function PostHistory({ post, onClose }: { post: Post; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const day = useDay();
  const history = useQuery({
    queryKey: ['posts', 'history', post.id],
    queryFn: ({ signal }) =>
      answer<Schemas['History']>(
        api.GET('/posts/{id}/history', { signal, params: { path: { id: post.id } } }),
      ),
  });
  const span = (from: string, to: string | null | undefined) =>
    to ? t('admin.post.fromTo', { from: day(from), to: day(to) }) : t('admin.post.since', { day: day(from) });
  return (
    <Drawer
      open
      getContainer={overlays}
      title={t('admin.post.historyOf', { post: title(post, post.kind) })}
      onClose={onClose}
    >
      <Shown query={history}>
        {({ holders, titles, carried }) => (
          <>
            <ol className="admin-history">
              {holders.map((term) => (
                <li key={`${term.rank}${term.account}${term.valid_from}`}>
                  <strong>{t(`admin.rank.${term.rank as Rank}`)}</strong> {term.login}
                  <br />
                  <span className="soft figures">{span(term.valid_from, term.valid_to)}</span>
                </li>
              ))}
            </ol>
            {holders.length === 0 && <p className="soft">{t('admin.post.neverHeld')}</p>}
            {titles.length > 0 && (
              <>
                <h3>{t('admin.post.title')}</h3>
                <ol className="admin-history">
                  {titles.map((one) => (
                    <li key={one.valid_from}>
                      {one.title || t('admin.post.titleOfKind')}{' '}
                      <span className="soft figures">{span(one.valid_from, null)}</span>
                    </li>
                  ))}
                </ol>
              </>
            )}
            {carried.length > 0 && (
              <>
                <h3>{t('admin.post.carried')}</h3>
                <ol className="admin-history">
                  {carried.map((station) => (
                    <li key={station.post}>
                      <span className="figures">{station.unit}</span>{' '}
                      <span className="soft figures">{span(station.valid_from, station.valid_to)}</span>
                    </li>
                  ))}
                </ol>
              </>
            )}
          </>
        )}
      </Shown>
    </Drawer>
  );
}
