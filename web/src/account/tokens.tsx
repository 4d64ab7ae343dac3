// Keys that people give to programs: at most what they may do themselves, for a
// time, shown once.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Checkbox, Input, Modal, Tag } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { Copyable } from '../card/copyable';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { Section } from './page';
import { Dialog } from './security';
import { PERMISSIONS, type Permission, type Session } from './session';

type Token = components['schemas']['Token'];
type NewToken = components['schemas']['NewToken'];

export function TokenSection({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => answer<List<Token>>(api.GET('/tokens', { signal })),
    select: (list) => list.items,
  });
  return (
    <Section
      title={t('account.tokens')}
      hint={t('account.tokensHint')}
      extra={
        session.permissions.length > 0 && (
          <Button onClick={() => setMaking(true)}>{t('account.tokenNew')}</Button>
        )
      }
    >
      {tokens.isPending && <Loading rows={2} />}
      {tokens.isError && <Failed cause={tokens.error} retry={() => tokens.refetch()} />}
      {tokens.data?.length === 0 && <p className="soft">{t('account.noTokens')}</p>}
      <ul className="rows">
        {tokens.data?.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </ul>
      {making && <MakeToken session={session} onClose={() => setMaking(false)} />}
    </Section>
  );
}

function TokenRow({ token }: { token: Token }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const client = useQueryClient();
  const language = useLanguage();
  const over = Date.parse(token.expires_at) < Date.now();
  const revoke = useMutation({
    mutationFn: () => done(api.DELETE('/tokens/{id}', { params: { path: { id: token.id } } })),
    onSuccess: () => void message.success(t('account.tokenRevoked')),
    onError: (cause) => void message.error(asProblem(cause).message),
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('account.tokenRevokeTitle', { name: token.name }),
      okText: t('account.tokenRevoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => revoke.mutateAsync(),
    });
  return (
    <li className="row">
      <span className="unit-link">
        <span>
          {token.name} {over && <Tag>{t('account.tokenOver')}</Tag>}
        </span>
        <small className="soft">
          {token.may?.map((permission) => t(`permission.${permission as Permission}`)).join(' · ')}
        </small>
        <small className="soft figures">
          {token.unit && `${token.unit} · `}
          {t('account.tokenUntil', { time: moment(token.expires_at, language) })} ·{' '}
          {token.used_at
            ? t('account.tokenUsed', { time: moment(token.used_at, language) })
            : t('account.tokenUnused')}
        </small>
      </span>
      <Button size="small" aria-label={t('account.tokenRevokeOf', { name: token.name })} onClick={ask}>
        {t('account.tokenRevoke')}
      </Button>
    </li>
  );
}

const DAY = 86_400_000;
/** dayAfter is a calendar day as the date field writes it, so many days from now. */
export const dayAfter = (days: number, now = Date.now()) =>
  new Date(now + days * DAY).toLocaleDateString('sv-SE');

/** lastInstant is the last second of a day of the reader's. */
export const lastInstant = (day: string) => new Date(`${day}T23:59:59`).toISOString();

function MakeToken({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const id = useId();
  const [name, setName] = useState('');
  const [may, setMay] = useState<Permission[]>([]);
  const [unit, setUnit] = useState('');
  const [day, setDay] = useState(() => dayAfter(90));
  const make = useMutation({
    mutationFn: () =>
      answer<NewToken>(
        api.POST('/tokens', {
          body: { name: name.trim(), may, unit: unit.trim() || undefined, expires_at: lastInstant(day) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (make.data) return <Made secret={make.data.secret} onClose={onClose} />;
  return (
    <Dialog
      title={t('account.tokenNew')}
      ok={t('account.tokenDo')}
      ready={name.trim() !== '' && may.length > 0 && day !== ''}
      pending={make.isPending}
      cause={make.error}
      onOk={() => make.mutate()}
      onClose={onClose}
    >
      <div className="form-row">
        <label htmlFor={`${id}name`}>{t('account.tokenName')}</label>
        <Input
          id={`${id}name`}
          autoFocus
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <fieldset className="token-may">
        <legend>{t('account.tokenMay')}</legend>
        <Checkbox.Group<Permission>
          value={may}
          onChange={setMay}
          options={PERMISSIONS.filter((one) => session.permissions.includes(one)).map((one) => ({
            value: one,
            label: t(`permission.${one}`),
          }))}
        />
      </fieldset>
      <div className="form-pair">
        <div className="form-row">
          <label htmlFor={`${id}unit`}>{t('account.tokenUnit')}</label>
          <Input
            id={`${id}unit`}
            className="figures"
            maxLength={64}
            value={unit}
            onChange={(event) => setUnit(event.target.value)}
          />
          <p className="hint">{t('account.tokenUnitHint')}</p>
        </div>
        <div className="form-row">
          <label htmlFor={`${id}day`}>{t('account.tokenExpiry')}</label>
          <input
            id={`${id}day`}
            type="date"
            min={dayAfter(0)}
            max={dayAfter(364)}
            value={day}
            onChange={(event) => setDay(event.target.value)}
          />
        </div>
      </div>
    </Dialog>
  );
}

/** Made shows the secret once; a click beside the window does not take it away. */
function Made({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('account.tokenMade')}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose}>
          {t('common.close')}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t('account.tokenMadeHint')} />
      <p className="token-secret">
        <Copyable text={secret} label={t('account.tokens')} />
      </p>
    </Modal>
  );
}
