// Signing in: login and password, a code from the phone where the account asks for
// one, or the organisation's provider.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Input } from 'antd';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import type { components } from '../api/schema';
import { Entry, problemNamed, Refused, useWaiting } from './entry';
import { PasswordField } from './password';
import { keepWanted, type Session, setSession } from './session';

type Options = components['schemas']['SignInOptions'];
type Attempt = { login: string; password: string; totp?: string };

/** isLoopback reports whether a host is this machine. */
export const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);

/** The code of what went wrong at a provider, which sends the browser back with it. */
const cameBackWith = () => /^#problem=([a-z_]+)$/.exec(location.hash)?.[1] ?? null;

export default function SignIn({ ended }: { ended: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const options = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: ({ signal }) => answer<Options>(api.GET('/sign-in/options', { signal })),
    staleTime: 60_000,
  }).data;
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const [outside] = useState(cameBackWith);
  const signIn = useMutation({
    mutationFn: (body: Attempt) => answer<Session>(api.POST('/session', { body })),
    onSuccess: (session) => {
      if (location.hash.startsWith('#problem=')) history.replaceState(null, '', '/');
      setSession(client, session);
    },
    onError: (cause) => {
      const problem = asProblem(cause);
      if (problem.code === 'totp_needed') setNeedsCode(true);
      else if (problem.code !== 'totp_wrong' && problem.status !== 429 && problem.status !== 0) {
        setNeedsCode(false);
        setPassword('');
      }
      setCode('');
    },
  });
  const failure = signIn.isError ? asProblem(signIn.error) : null;
  const refused = failure?.code === 'totp_needed' ? null : failure;
  const waiting = useWaiting(refused);
  const [lockedOut, setLockedOut] = useState(false);
  useEffect(() => setLockedOut(waiting > 0), [waiting]);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (waiting > 0 || signIn.isPending) return;
    // What a password manager has filled in may be in the fields alone.
    const filled = new FormData(event.currentTarget);
    const field = (name: string, known: string) => String(filled.get(name) ?? known);
    const attempt = { login: field('username', login).trim(), password: field('password', password) };
    const empty = [...event.currentTarget.querySelectorAll('input')].find(
      (input) => input.value.trim() === '',
    );
    if (empty) {
      empty.focus();
      return;
    }
    setLogin(attempt.login);
    setPassword(attempt.password);
    signIn.mutate({ ...attempt, totp: needsCode ? code.replace(/\s/g, '') : undefined });
  };

  return (
    <Entry title={t(needsCode ? 'signIn.secondStep' : 'signIn.title')}>
      {ended && !failure && (
        <Alert type="info" showIcon title={t('signIn.ended')} description={t('signIn.endedHint')} />
      )}
      {refused && (refused.status !== 429 || lockedOut) && <Refused cause={refused} waiting={waiting} />}
      {!refused && outside && <Refused cause={problemNamed(outside)} />}
      <form onSubmit={submit} className="entry-form" aria-busy={signIn.isPending}>
        {needsCode ? (
          <SecondStep login={login} code={code} onCode={setCode} />
        ) : (
          <FirstStep login={login} onLogin={setLogin} password={password} onPassword={setPassword} />
        )}
        <Button
          type="primary"
          htmlType="submit"
          size="large"
          block
          loading={signIn.isPending}
          disabled={waiting > 0}
        >
          {t(needsCode ? 'signIn.confirm' : 'signIn.do')}
        </Button>
        {needsCode && (
          <Button
            className="entry-other"
            type="link"
            block
            onClick={() => {
              setNeedsCode(false);
              setPassword('');
              signIn.reset();
            }}
          >
            {t('signIn.other')}
          </Button>
        )}
      </form>
      {options?.provider && !needsCode && (
        <>
          <p className="entry-or">
            <span>{t('signIn.or')}</span>
          </p>
          <Button block size="large" href={options.provider.start} onClick={keepWanted}>
            {t('signIn.with', { name: options.provider.name })}
          </Button>
        </>
      )}
      {options?.demo && !needsCode && isLoopback(location.hostname) && <DemoHint onLogin={setLogin} />}
      {!needsCode && <p className="hint">{t('signIn.forgot')}</p>}
    </Entry>
  );
}

function FirstStep(props: {
  login: string;
  onLogin: (login: string) => void;
  password: string;
  onPassword: (password: string) => void;
}) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <>
      <div className="form-row">
        <label htmlFor={`${id}login`}>{t('signIn.login')}</label>
        <Input
          id={`${id}login`}
          name="username"
          size="large"
          autoComplete="username"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          autoFocus
          maxLength={100}
          value={props.login}
          onChange={(event) => props.onLogin(event.target.value)}
        />
      </div>
      <PasswordField
        id={`${id}password`}
        name="password"
        size="large"
        label={t('signIn.password')}
        autoComplete="current-password"
        maxLength={1024}
        value={props.password}
        onChange={props.onPassword}
      />
    </>
  );
}

function SecondStep(props: { login: string; code: string; onCode: (code: string) => void }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="form-row">
      <p className="soft">{t('signIn.codeHint', { login: props.login })}</p>
      <label htmlFor={`${id}code`}>{t('signIn.code')}</label>
      <Input
        id={`${id}code`}
        name="one-time-code"
        size="large"
        className="one-time-code figures"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        maxLength={40}
        value={props.code}
        onChange={(event) => props.onCode(event.target.value)}
      />
      <p className="hint">{t('signIn.recoveryHint')}</p>
    </div>
  );
}

/** The demo accounts people try first. Their passwords stand where the service was started. */
const DEMO = ['administrator', 'planner', 'worker'] as const;

function DemoHint({ onLogin }: { onLogin: (login: string) => void }) {
  const { t } = useTranslation();
  return (
    <section className="entry-demo" aria-label={t('signIn.demo')}>
      <h2>{t('signIn.demo')}</h2>
      <p>{t('signIn.demoHint')}</p>
      <ul>
        {DEMO.map((kind) => (
          <li key={kind}>
            <Button
              size="small"
              onClick={() => {
                onLogin(`demo-${kind}`);
                document.querySelector<HTMLInputElement>('input[name=password]')?.focus();
              }}
            >
              {t(`signIn.demoKind.${kind}`)}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
