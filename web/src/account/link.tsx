// Setting a password with a one-time link from an administrator: the first one, or
// in place of one that was forgotten.
import { useMutation } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import { Entry, Refused, takeToken, useWaiting } from './entry';
import { NoToken } from './first';
import { isAcceptable, NewPassword } from './password';

export default function LinkPage() {
  const { t } = useTranslation();
  const [token] = useState(takeToken);
  const [password, setPassword] = useState('');
  const set = useMutation({
    mutationFn: () => answer<{ login: string }>(api.POST('/session/link', { body: { token, password } })),
  });
  const failure = set.isError ? asProblem(set.error) : null;
  const waiting = useWaiting(failure);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate();
  };
  if (token === '') return <NoToken title={t('link.title')} />;
  if (set.data) {
    return (
      <Entry title={t('link.title')}>
        <Alert type="success" showIcon title={t('link.done')} description={t('link.doneHint', set.data)} />
        <Button type="primary" size="large" block href="/">
          {t('signIn.title')}
        </Button>
      </Entry>
    );
  }
  return (
    <Entry title={t('link.title')}>
      <p className="soft">{t('link.text')}</p>
      {failure && <Refused cause={failure} waiting={waiting} />}
      <form onSubmit={submit} className="entry-form" aria-busy={set.isPending}>
        <NewPassword
          name="password"
          size="large"
          label={t('link.password')}
          value={password}
          onChange={setPassword}
        />
        <Button
          type="primary"
          htmlType="submit"
          size="large"
          block
          loading={set.isPending}
          disabled={waiting > 0 || !isAcceptable(password)}
        >
          {t('link.do')}
        </Button>
      </form>
    </Entry>
  );
}
