// Signing in on the phone: login and password, and a code where the account asks for one.
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem, type Problem } from '../api/client';
import { useSayProblem } from './say';
import { signIn } from './who';

/** SignIn asks for a password; login is given where only that officer may go on. */
export function SignIn({ login }: { login?: string }) {
  const { t } = useTranslation();
  const id = useId();
  const say = useSayProblem();
  const [needsCode, setNeedsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filled = new FormData(event.currentTarget);
    const field = (name: string) => String(filled.get(name) ?? '');
    const code = field('one-time-code').replace(/\s/g, '');
    setBusy(true);
    try {
      await signIn({
        login: field('username').trim(),
        password: field('password'),
        totp: needsCode ? code : undefined,
      });
    } catch (cause) {
      const refused = asProblem(cause);
      setNeedsCode(needsCode || refused.code === 'totp_needed');
      setProblem(refused.code === 'totp_needed' ? null : refused);
    }
    setBusy(false);
  };

  return (
    <form className="patrol-form" onSubmit={submit} aria-busy={busy}>
      <label htmlFor={`${id}login`}>{t('signIn.login')}</label>
      <input
        id={`${id}login`}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={100}
        defaultValue={login}
        readOnly={login !== undefined}
      />
      <label htmlFor={`${id}password`}>{t('signIn.password')}</label>
      <input
        id={`${id}password`}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
      />
      {needsCode && (
        <>
          <label htmlFor={`${id}code`}>{t('signIn.code')}</label>
          <input
            id={`${id}code`}
            name="one-time-code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={40}
          />
        </>
      )}
      {problem && (
        <p className="patrol-bad" role="alert">
          {say(problem)}
        </p>
      )}
      <button type="submit" className="patrol-main" disabled={busy}>
        {t('signIn.do')}
      </button>
    </form>
  );
}
