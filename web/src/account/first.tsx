// The first administrator makes an account with the one-time link that the service
// prints when it starts.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { answer, api, asProblem } from '../api/client';
import { Entry, Refused, takeToken, useWaiting } from './entry';
import { isAcceptable, NewPassword } from './password';
import { type Session, setSession } from './session';

/** isLogin reports whether the server takes a login. */
export const isLogin = (text: string) => /^[a-z0-9][a-z0-9._@-]{0,63}$/.test(text);

export default function FirstPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const id = useId();
  const [token] = useState(takeToken);
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const make = useMutation({
    mutationFn: () => answer<Session>(api.POST('/session/first', { body: { token, login, password } })),
    onSuccess: (session) => {
      setSession(client, session);
      navigate('/', { replace: true });
    },
  });
  const failure = make.isError ? asProblem(make.error) : null;
  const waiting = useWaiting(failure);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (token === '') return <NoToken title={t('first.title')} />;
  return (
    <Entry title={t('first.title')}>
      <p className="soft">{t('first.text')}</p>
      {failure && <Refused cause={failure} waiting={waiting} />}
      <form onSubmit={submit} className="entry-form" aria-busy={make.isPending}>
        <div className="form-row">
          <label htmlFor={id}>{t('signIn.login')}</label>
          <Input
            id={id}
            name="username"
            size="large"
            autoComplete="username"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            autoFocus
            maxLength={64}
            status={login !== '' && !isLogin(login) ? 'error' : undefined}
            value={login}
            onChange={(event) => setLogin(event.target.value.trim().toLowerCase())}
          />
          <p className="hint">{t('first.loginHint')}</p>
        </div>
        <NewPassword
          name="password"
          size="large"
          label={t('signIn.password')}
          login={login}
          value={password}
          onChange={setPassword}
        />
        <Button
          type="primary"
          htmlType="submit"
          size="large"
          block
          loading={make.isPending}
          disabled={waiting > 0 || !isLogin(login) || !isAcceptable(password, login)}
        >
          {t('first.do')}
        </Button>
      </form>
    </Entry>
  );
}

/** NoToken is for an address whose secret part got lost, or was used before and reloaded. */
export function NoToken({ title }: { title: string }) {
  const { t } = useTranslation();
  return (
    <Entry title={title}>
      <p>{t('link.incomplete')}</p>
      <Button block size="large" href="/">
        {t('signIn.title')}
      </Button>
    </Entry>
  );
}
