// How one proves who one is: the password, and a second step with the phone.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Modal, Tag } from 'antd';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem, done } from '../api/client';
import type { components } from '../api/schema';
import { Copyable } from '../card/copyable';
import { useCopy } from '../common/copy';
import { overlays } from '../common/overlays';
import { Refused, useWaiting } from './entry';
import { Section } from './page';
import { isAcceptable, NewPassword, PasswordField } from './password';
import type { Session } from './session';

type Enrolment = components['schemas']['Enrolment'];
type Recovery = components['schemas']['RecoveryCodes'];

export function SecuritySection({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [doing, setDoing] = useState<'password' | 'enrol' | 'renew' | 'remove' | null>(null);
  const close = () => setDoing(null);
  return (
    <Section title={t('account.security')}>
      {!session.password && <p className="soft">{t('account.noPassword')}</p>}
      {session.password && (
        <ul className="rows">
          <li className="row">
            <span className="unit-link">
              <span>{t('signIn.password')}</span>
              <small className="soft">{t('account.passwordHint')}</small>
            </span>
            <Button onClick={() => setDoing('password')}>{t('account.changePassword')}</Button>
          </li>
          <li className="row">
            <span className="unit-link">
              <span>
                {t('account.totp')}{' '}
                <Tag color={session.totp ? 'success' : undefined}>
                  {t(session.totp ? 'account.totpOn' : 'account.totpOff')}
                </Tag>
              </span>
              <small className="soft">{t('account.totpHint')}</small>
            </span>
            <span className="sheet-buttons">
              {session.totp ? (
                <>
                  <Button onClick={() => setDoing('renew')}>{t('account.recoveryRenew')}</Button>
                  <Button onClick={() => setDoing('remove')}>{t('account.totpRemove')}</Button>
                </>
              ) : (
                <Button onClick={() => setDoing('enrol')}>{t('account.totpBegin')}</Button>
              )}
            </span>
          </li>
        </ul>
      )}
      {doing === 'password' && <ChangePassword login={session.login} onClose={close} />}
      {doing === 'enrol' && <Enrol onClose={close} />}
      {doing === 'renew' && <Renew onClose={close} />}
      {doing === 'remove' && <Remove onClose={close} />}
    </Section>
  );
}

/** Dialog is a form in a window, with what went wrong above it. */
export function Dialog(props: {
  title: string;
  ok: string;
  ready: boolean;
  pending: boolean;
  cause: unknown;
  danger?: boolean;
  onOk: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const cause = props.cause ? asProblem(props.cause) : null;
  const waiting = useWaiting(cause);
  const form = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (props.ready && waiting === 0) props.onOk();
  };
  return (
    <Modal
      open
      getContainer={overlays}
      title={props.title}
      okText={props.ok}
      cancelText={t('common.cancel')}
      okButtonProps={{
        htmlType: 'submit',
        form,
        danger: props.danger,
        loading: props.pending,
        disabled: !props.ready || waiting > 0,
      }}
      onCancel={props.onClose}
    >
      {cause && (cause.status !== 429 || waiting > 0) && <Refused cause={cause} waiting={waiting} />}
      <form id={form} onSubmit={submit} className="dialog-form">
        {props.children}
      </form>
    </Modal>
  );
}

function ChangePassword({ login, onClose }: { login: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [present, setPresent] = useState('');
  const [chosen, setChosen] = useState('');
  const change = useMutation({
    mutationFn: () => done(api.POST('/account/password', { body: { present, chosen } })),
    onSuccess: () => {
      message.success(t('account.passwordChanged'));
      client.invalidateQueries({ queryKey: ['sessions'] });
      onClose();
    },
  });
  return (
    <Dialog
      title={t('account.changePassword')}
      ok={t('account.changePassword')}
      ready={present !== '' && isAcceptable(chosen, login)}
      pending={change.isPending}
      cause={change.error}
      onOk={() => change.mutate()}
      onClose={onClose}
    >
      {/* For password managers, which file a password under its login. */}
      <input type="text" name="username" autoComplete="username" value={login} readOnly hidden />
      <PasswordField
        label={t('account.present')}
        autoComplete="current-password"
        value={present}
        onChange={setPresent}
      />
      <NewPassword label={t('account.chosen')} login={login} value={chosen} onChange={setChosen} />
    </Dialog>
  );
}

/** Enrol asks for the password, shows the secret to the phone, and checks the phone's code. */
function Enrol({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const id = useId();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const begin = useMutation({
    mutationFn: () => answer<Enrolment>(api.POST('/account/totp', { body: { password } })),
  });
  const confirm = useMutation({
    mutationFn: () =>
      answer<Recovery>(api.POST('/account/totp/confirm', { body: { code: code.replace(/\s/g, '') } })),
    onSuccess: () => void message.success(t('account.totpDone')),
    onError: () => setCode(''),
  });
  if (confirm.data) return <RecoveryCodes codes={confirm.data.codes ?? []} onClose={onClose} />;
  if (!begin.data) {
    return (
      <Confirmed
        title={t('account.totpBegin')}
        ok={t('common.next')}
        password={password}
        onPassword={setPassword}
        pending={begin.isPending}
        cause={begin.error}
        onOk={() => begin.mutate()}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog
      title={t('account.totpBegin')}
      ok={t('account.totpDo')}
      ready={code.trim().length >= 6}
      pending={confirm.isPending}
      cause={confirm.error}
      onOk={() => confirm.mutate()}
      onClose={onClose}
    >
      <p>{t('account.totpScan')}</p>
      <img
        className="totp-picture"
        src={`data:image/png;base64,${begin.data.png}`}
        alt={t('account.totpPicture')}
        width={196}
        height={196}
      />
      <p className="totp-secret">
        {t('account.totpSecret')} <Copyable text={begin.data.secret} label={t('account.totpSecret')} />
      </p>
      <div className="form-row">
        <label htmlFor={id}>{t('account.totpConfirm')}</label>
        <Input
          id={id}
          className="one-time-code figures"
          size="large"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          maxLength={8}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </div>
    </Dialog>
  );
}

/** Confirmed asks for the present password before something that matters. */
function Confirmed(props: {
  title: string;
  ok: string;
  password: string;
  danger?: boolean;
  pending: boolean;
  cause: unknown;
  onPassword: (password: string) => void;
  onOk: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { password, onPassword, ...dialog } = props;
  return (
    <Dialog {...dialog} ready={password !== ''}>
      <PasswordField
        label={t('account.confirmWith')}
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={onPassword}
      />
    </Dialog>
  );
}

function Renew({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const renew = useMutation({
    mutationFn: () => answer<Recovery>(api.POST('/account/totp/recovery', { body: { password } })),
  });
  if (renew.data) return <RecoveryCodes codes={renew.data.codes ?? []} onClose={onClose} />;
  return (
    <Confirmed
      title={t('account.recoveryRenew')}
      ok={t('account.recoveryRenew')}
      password={password}
      onPassword={setPassword}
      pending={renew.isPending}
      cause={renew.error}
      onOk={() => renew.mutate()}
      onClose={onClose}
    />
  );
}

function Remove({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const remove = useMutation({
    mutationFn: () => done(api.POST('/account/totp/remove', { body: { password } })),
    onSuccess: () => {
      message.success(t('account.totpRemoved'));
      client.invalidateQueries({ queryKey: ['session'] });
      onClose();
    },
  });
  return (
    <Confirmed
      title={t('account.totpRemove')}
      ok={t('account.totpRemove')}
      danger
      password={password}
      onPassword={setPassword}
      pending={remove.isPending}
      cause={remove.error}
      onOk={() => remove.mutate()}
      onClose={onClose}
    />
  );
}

/** RecoveryCodes are shown once, and do not go away by a click beside them. */
function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const copy = useCopy();
  const close = () => {
    client.invalidateQueries({ queryKey: ['session'] });
    onClose();
  };
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('account.recovery')}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <>
          <Button onClick={() => copy(codes.join('\n'), t('account.recovery'))}>
            {t('account.copyAll')}
          </Button>
          <Button type="primary" onClick={close}>
            {t('account.recoveryKept')}
          </Button>
        </>
      }
    >
      <p>{t('account.recoveryHint')}</p>
      <ol className="recovery-codes figures">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
    </Modal>
  );
}
