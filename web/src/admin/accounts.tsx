// Accounts: who may sign in. What an account may do comes from the posts it holds.
import { CopyOutlined, PlusOutlined } from '@ant-design/icons';
import { Alert, App, Button, Drawer, Dropdown, Form, Input, Modal, Space, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DeviceList } from '../account/devices';
import { answer, api, done } from '../api/client';
import type { components } from '../api/schema';
import { useCopy } from '../common/copy';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { type Account, useAccounts } from './accounts-list';
import { FormDialog, Page, Rows, Shown, useChange } from './common';
import { PostsOf } from './posts-of';
import { Stamp, type Tone } from './stamp';

type Schemas = components['schemas'];
type Invitation = { login: string; link: Schemas['OneTimeLink'] };

const change = (id: number, body: Schemas['ChangeBody']) =>
  answer<Account>(api.PATCH('/accounts/{id}', { params: { path: { id } }, body }));

const invite = async (account: Account): Promise<Invitation> => ({
  login: account.login,
  link: await answer<Schemas['OneTimeLink']>(
    api.POST('/accounts/{id}/link', { params: { path: { id: account.id } } }),
  ),
});

export default function AccountsPage() {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const accounts = useAccounts(text);
  return (
    <Page
      title={t('admin.section.accounts')}
      lead={t('admin.account.hint')}
      actions={
        <Button type="primary" icon={<PlusOutlined aria-hidden="true" />} onClick={() => setAdding(true)}>
          {t('admin.account.add')}
        </Button>
      }
    >
      <Input.Search
        className="admin-find"
        aria-label={t('admin.account.search')}
        placeholder={t('admin.account.search')}
        allowClear
        onSearch={setText}
      />
      <Shown query={accounts} empty={{ when: (list) => list.length === 0, title: t('admin.account.none') }}>
        {(list) => (
          <>
            <AccountTable list={list} onInvited={setInvitation} />
            {accounts.hasNextPage && (
              <Button loading={accounts.isFetchingNextPage} onClick={() => accounts.fetchNextPage()}>
                {t('common.more')}
              </Button>
            )}
          </>
        )}
      </Shown>
      {adding && <NewAccount onClose={() => setAdding(false)} onMade={setInvitation} />}
      {invitation && <ShownOnce invitation={invitation} onClose={() => setInvitation(null)} />}
    </Page>
  );
}

function AccountTable({ list, onInvited }: { list: Account[]; onInvited: (invitation: Invitation) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Rows
      label={t('admin.section.accounts')}
      rowKey={(row) => String(row.id)}
      rows={list}
      columns={[
        {
          title: t('admin.account.login'),
          cell: (account) => (
            <>
              <span>{account.login}</span>
              {account.name && <span className="soft"> {account.name}</span>}
              {account.demo && <Tag className="admin-tag">{t('admin.account.demo')}</Tag>}
            </>
          ),
        },
        { title: t('admin.account.phone'), cell: (row) => row.phone },
        { title: t('admin.account.state'), cell: (account) => <State account={account} /> },
        { title: t('admin.account.area'), cell: (account) => account.area || t('admin.everywhere') },
        {
          title: t('admin.account.lastSeen'),
          cell: (account) => <span className="figures">{moment(account.last_seen, language)}</span>,
        },
        { title: t('admin.actions'), cell: (account) => <Actions account={account} onInvited={onInvited} /> },
      ]}
    />
  );
}

const TONE: Record<Account['state'], Tone> = { active: 'good', invited: 'plain', disabled: 'bad' };

function State({ account }: { account: Account }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Space size={4} wrap>
      <Stamp tone={TONE[account.state]}>{t(`admin.account.states.${account.state}`)}</Stamp>
      {account.totp && <Tag>{t('admin.account.totp')}</Tag>}
      {account.external && <Tag>{t('admin.account.external')}</Tag>}
      {account.link_until && (
        <span className="soft figures">
          {t('admin.account.linkUntil', { time: moment(account.link_until, language) })}
        </span>
      )}
    </Space>
  );
}

function Actions({ account, onInvited }: { account: Account; onInvited: (invitation: Invitation) => void }) {
  const { t } = useTranslation();
  const [describing, setDescribing] = useState(false);
  const [showing, setShowing] = useState<'posts' | 'devices' | null>(null);
  const disable = useChange(
    (disabled: boolean) => change(account.id, { disabled }),
    ['accounts', 'posts', 'audit'],
  );
  const unlock = useChange(
    () => done(api.POST('/accounts/{id}/unlock', { params: { path: { id: account.id } } })),
    ['accounts', 'audit'],
    t('admin.account.unlocked', { login: account.login }),
  );
  const link = useChange(invite, ['accounts', 'audit']);
  const forget = useChange(
    () => done(api.DELETE('/accounts/{id}/totp', { params: { path: { id: account.id } } })),
    ['accounts', 'audit'],
    t('admin.account.totpOff', { login: account.login }),
  );
  const isDisabled = account.state === 'disabled';
  const items = [
    { key: 'posts', label: t('admin.account.posts') },
    { key: 'devices', label: t('account.devices') },
    { key: 'link', label: t('admin.account.newLink'), disabled: account.demo || isDisabled },
    { key: 'describe', label: t('admin.account.describe'), disabled: account.demo },
    { key: 'unlock', label: t('admin.account.unlock') },
    ...(account.totp ? [{ key: 'totp', label: t('admin.account.forgetTOTP') }] : []),
    {
      key: 'disable',
      label: t(isDisabled ? 'admin.account.enable' : 'admin.account.disable'),
      danger: !isDisabled,
    },
  ];
  const { modal } = App.useApp();
  const run: Record<string, () => void> = {
    posts: () => setShowing('posts'),
    devices: () => setShowing('devices'),
    link: () => link.mutate(account, { onSuccess: onInvited }),
    describe: () => setDescribing(true),
    unlock: () => unlock.mutate(),
    totp: () => forget.mutate(),
    disable: () =>
      isDisabled
        ? disable.mutate(false)
        : modal.confirm({
            getContainer: overlays,
            title: t('admin.account.disableTitle', { login: account.login }),
            content: t('admin.account.disableHint'),
            okText: t('admin.account.disable'),
            okButtonProps: { danger: true },
            cancelText: t('common.cancel'),
            onOk: () => disable.mutateAsync(true).catch(() => undefined),
          }),
  };
  return (
    <>
      <Dropdown
        trigger={['click']}
        getPopupContainer={overlays}
        menu={{ items, onClick: ({ key }) => run[key]?.() }}
      >
        <Button size="small" aria-label={t('admin.account.actionsOf', { login: account.login })}>
          {t('admin.actions')}
        </Button>
      </Dropdown>
      {showing && (
        <Drawer
          open
          getContainer={overlays}
          title={t(showing === 'posts' ? 'admin.account.postsOf' : 'admin.account.devicesOf', {
            login: account.login,
          })}
          onClose={() => setShowing(null)}
        >
          {showing === 'posts' ? <PostsOf login={account.login} /> : <DeviceList account={account.id} />}
        </Drawer>
      )}
      {describing && <Describe account={account} onClose={() => setDescribing(false)} />}
    </>
  );
}

function Describe({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog<{ name: string; phone: string }>
      title={account.login}
      ok={t('common.save')}
      initial={{ name: account.name, phone: account.phone }}
      touched={['accounts', 'posts']}
      onClose={onClose}
      send={(values) => change(account.id, values)}
    >
      <Person />
    </FormDialog>
  );
}

/** Person asks for what is personal; it is sealed, and named in the register of purposes. */
function Person() {
  const { t } = useTranslation();
  return (
    <>
      <div className="admin-pair">
        <Form.Item name="name" label={t('admin.account.name')}>
          <Input maxLength={60} autoComplete="off" />
        </Form.Item>
        <Form.Item name="phone" label={t('admin.account.phone')}>
          <Input maxLength={30} autoComplete="off" inputMode="tel" />
        </Form.Item>
      </div>
      <p className="hint">{t('admin.account.personal')}</p>
    </>
  );
}

function NewAccount({ onClose, onMade }: { onClose: () => void; onMade: (invitation: Invitation) => void }) {
  const { t } = useTranslation();
  return (
    <FormDialog<Schemas['NewAccountBody']>
      title={t('admin.account.add')}
      ok={t('admin.account.make')}
      touched={['accounts', 'audit']}
      onClose={onClose}
      send={async (body) => {
        const made = await answer<Schemas['NewAccount']>(api.POST('/accounts', { body }));
        onMade({ login: made.account.login, link: made.link });
      }}
    >
      <Form.Item
        name="login"
        label={t('admin.account.login')}
        extra={t('admin.account.loginHint')}
        rules={[
          { required: true, message: t('common.required') },
          { pattern: /^[a-z0-9][a-z0-9._@-]{0,63}$/i, message: t('admin.account.loginHint') },
        ]}
      >
        <Input maxLength={64} autoComplete="off" autoCapitalize="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name="unit" label={t('admin.account.area')} extra={t('admin.account.areaHint')}>
        <Input maxLength={64} autoComplete="off" placeholder={t('admin.unitCode')} />
      </Form.Item>
      <Person />
    </FormDialog>
  );
}

/** ShownOnce shows the link of an account to hand over; the server does not know it afterwards. */
function ShownOnce({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const language = useLanguage();
  const address = `${location.origin}${invitation.link.path}`;
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('admin.account.linkFor', { login: invitation.login })}
      onCancel={onClose}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose}>
          {t('admin.account.handed')}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t('admin.account.once')} />
      <p className="admin-secret">
        <code>{address}</code>
        <Button size="small" icon={<CopyOutlined aria-hidden="true" />} onClick={() => copy(address)}>
          {t('admin.copy')}
        </Button>
      </p>
      <p className="soft">
        {t('admin.account.linkUntil', { time: moment(invitation.link.until, language) })}
      </p>
    </Modal>
  );
}
