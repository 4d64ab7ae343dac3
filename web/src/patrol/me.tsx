// The officer's own screen: who has signed in, language and theme.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem, type Problem } from '../api/client';
import { useLanguage } from '../common/format';
import { TrackConsent } from './consent';
import { chooseLanguage, chooseTheme, useLook } from './look';
import { Devices } from './offline/devices';
import { KeptMap, KeptPage } from './offline/kept';
import { useSayProblem } from './say';
import { SignIn } from './sign-in';
import { Tracks } from './tracks';
import { signOut, useWho } from './who';

export function Me() {
  const { t } = useTranslation();
  return (
    <div className="patrol-page">
      <section>
        <h2>{t('patrol.account')}</h2>
        <Account />
      </section>
      <KeptMap />
      <KeptPage />
      <Tracks />
      <Devices />
      <section>
        <h2>{t('patrol.consent.title')}</h2>
        <TrackConsent />
      </section>
      <section>
        <h2>{t('patrol.look')}</h2>
        <Look />
      </section>
      <p>
        <a className="patrol-link" href="/">
          {t('patrol.desk')}
        </a>
      </p>
    </div>
  );
}

function Account() {
  const { t } = useTranslation();
  const say = useSayProblem();
  const { officer, sign_in } = useWho();
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!officer) return null;
  const leave = () => signOut().catch((cause) => setProblem(asProblem(cause)));
  return (
    <>
      <p>
        <strong>{officer.name || officer.login}</strong>
        {officer.name && officer.name !== officer.login && <span className="soft"> {officer.login}</span>}
      </p>
      <p>{t(`patrol.signIn.${sign_in}`)}</p>
      {sign_in === 'ended' && <SignIn login={officer.login} />}
      {problem && (
        <p className="patrol-bad" role="alert">
          {say(problem)}
        </p>
      )}
      {sign_in === 'holds' && (
        <button type="button" onClick={leave}>
          {t('patrol.leave')}
        </button>
      )}
    </>
  );
}

function Look() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { choice } = useLook();
  return (
    <>
      <Choice
        label={t('patrol.language')}
        chosen={language}
        options={[
          { value: 'zh', label: '中文' },
          { value: 'en', label: 'English' },
        ]}
        onChoose={chooseLanguage}
      />
      <Choice
        label={t('theme.title')}
        chosen={choice}
        options={(['light', 'dark', 'system'] as const).map((value) => ({
          value,
          label: t(`theme.${value}`),
        }))}
        onChoose={chooseTheme}
      />
    </>
  );
}

function Choice<T extends string>(props: {
  label: string;
  chosen: T;
  options: { value: T; label: string }[];
  onChoose: (value: T) => void;
}) {
  return (
    <fieldset className="patrol-choice">
      <legend>{props.label}</legend>
      {props.options.map(({ value, label }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.chosen}
          onClick={() => props.onChoose(value)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
