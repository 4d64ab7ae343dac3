// The devices on which an account uses the officer's page: by day, without places. One that
// is lost deletes everything that it keeps of the account at its next contact.
import { useQuery } from '@tanstack/react-query';
import { App, Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { Shown, useChange } from '../admin/common';
import { answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { moment, useDay, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Section } from './page';

type Device = components['schemas']['Device'];

export function DeviceSection() {
  const { t } = useTranslation();
  return (
    <Section title={t('account.devices')} hint={t('account.devicesHint')}>
      <DeviceList />
    </Section>
  );
}

/** DeviceList is the devices of an account that one keeps, or one's own. */
export function DeviceList({ account }: { account?: number }) {
  const { t } = useTranslation();
  const path = account === undefined ? null : { id: account };
  const devices = useQuery({
    queryKey: ['devices', account ?? 'own'],
    queryFn: ({ signal }) =>
      answer<List<Device>>(
        path
          ? api.GET('/accounts/{id}/devices', { signal, params: { path } })
          : api.GET('/devices', { signal }),
      ),
    select: (list) => list.items,
  });
  const revoke = useChange(
    (device: string) =>
      done(
        path
          ? api.POST('/accounts/{id}/devices/{device}/revoke', { params: { path: { ...path, device } } })
          : api.POST('/devices/{device}/revoke', { params: { path: { device } } }),
      ),
    ['devices', 'sessions', 'audit'],
    t('account.deviceRevoked'),
  );
  return (
    <Shown
      query={devices}
      rows={2}
      empty={{ when: (list) => list.length === 0, title: t('account.noDevices') }}
    >
      {(list) => (
        <ul className="rows">
          {list.map((device) => (
            <DeviceRow key={device.id} device={device} revoke={() => revoke.mutateAsync(device.id)} />
          ))}
        </ul>
      )}
    </Shown>
  );
}

function DeviceRow({ device, revoke }: { device: Device; revoke: () => Promise<unknown> }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const language = useLanguage();
  const day = useDay();
  const agent = device.agent || t('account.unknownAgent');
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('account.deviceRevokeTitle', { agent }),
      content: t('account.deviceRevokeHint'),
      okText: t('account.deviceRevoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => revoke().catch(() => undefined), // useChange says why
    });
  return (
    <li className="row">
      <span className="unit-link">
        <span>
          {agent}{' '}
          {device.wiped_at ? (
            <Tag color="success">{t('account.deviceWiped')}</Tag>
          ) : (
            device.revoked_at && <Tag color="warning">{t('account.deviceLost')}</Tag>
          )}
        </span>
        <small className="soft figures">
          {t('account.deviceDays', { first: day(device.first_on), last: day(device.last_on) })}
          {device.revoked_at &&
            ` · ${t('account.deviceRevokedAt', { time: moment(device.revoked_at, language) })}`}
          {device.wiped_at && ` · ${t('account.deviceWipedAt', { time: moment(device.wiped_at, language) })}`}
        </small>
      </span>
      {!device.revoked_at && (
        <Button
          size="small"
          danger
          aria-label={t('account.deviceRevokeOf', { agent, first: device.first_on })}
          onClick={ask}
        >
          {t('account.deviceRevoke')}
        </Button>
      )}
    </li>
  );
}
