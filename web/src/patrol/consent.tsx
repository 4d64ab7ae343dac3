// The separate consent without which no track is recorded (PIPL article 29), to read, give
// and take back on the phone.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { answer, api, asProblem, done, type Problem } from '../api/client';
import type { components } from '../api/schema';
import { moment, useLanguage } from '../common/format';
import { usePost } from './outbox/outbox';
import type { Outbox } from './outbox/store';
import { useSayProblem } from './say';
import { useWho } from './who';

type Notice = components['schemas']['Notice'];
type Consent = components['schemas']['Consent'];

const TRACKING = 'staff-tracking';

/** The code with which the server refuses fixes of who has not agreed. */
const REFUSED = 'track_consent';

/** given is what the server said last, also where there is no signal now; null: it was never asked. */
export const useConsent = create<{ given: boolean | null }>(() => ({ given: null }));

/** learnConsent reads what is kept, and asks the server where the sign-in holds. */
export async function learnConsent(outbox: Outbox, signedIn: boolean): Promise<void> {
  const kept = await outbox.kept('consent');
  useConsent.setState({ given: typeof kept === 'boolean' ? kept : null });
  if (!signedIn) return;
  try {
    const { items } = await answer<{ items: Consent[] }>(api.GET('/consents'));
    const given = items.some(({ notice, withdrawn_at }) => notice === TRACKING && withdrawn_at === null);
    await outbox.keep('consent', given);
    useConsent.setState({ given });
  } catch {
    // No signal, or the sign-in has ended: what is kept holds.
  }
}

/** TrackConsent is the notice with what was decided about it. */
export function TrackConsent() {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSayProblem();
  const outbox = usePost((post) => post.outbox);
  const signedIn = useWho(({ sign_in }) => sign_in === 'holds');
  const { given } = useConsent();
  const [notice, setNotice] = useState<Notice | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    if (!signedIn) return;
    const params = { path: { code: TRACKING } };
    answer<Notice>(api.GET('/notices/{code}', { params })).then(setNotice, (cause) =>
      setProblem(asProblem(cause)),
    );
  }, [signedIn]);
  if (!outbox) return null;

  const decide = async (give: boolean) => {
    const params = { path: { notice: TRACKING } } as const;
    try {
      await done(
        give
          ? api.PUT('/consents/{notice}', { params, body: { version: notice?.version ?? 0 } })
          : api.DELETE('/consents/{notice}', { params }),
      );
      setProblem(null);
    } catch (cause) {
      setProblem(asProblem(cause));
    }
    await learnConsent(outbox, true);
    if (useConsent.getState().given) await sendAgain(outbox);
  };
  return (
    <>
      <p role="status">
        {t(
          given ? 'patrol.consent.given' : given === null ? 'patrol.consent.unknown' : 'patrol.consent.none',
        )}
      </p>
      {notice && (
        <details className="patrol-notice-text">
          <summary>{language === 'en' ? notice.title_en : notice.title_zh}</summary>
          <p className="soft figures">{moment(notice.published_at, language)}</p>
          <p>{language === 'en' ? notice.text_en : notice.text_zh}</p>
        </details>
      )}
      {problem && (
        <p className={problem.status === 0 ? 'soft' : 'patrol-bad'} role="alert">
          {say(problem)}
        </p>
      )}
      {signedIn && notice && (
        <button type="button" onClick={() => decide(!given)}>
          {t(given ? 'patrol.consent.withdraw' : 'patrol.consent.give')}
        </button>
      )}
    </>
  );
}

/** sendAgain gives fixes another try that were refused for want of the consent. */
async function sendAgain(outbox: Outbox): Promise<void> {
  for (const { id, state, refusal } of await outbox.list()) {
    if (state === 'refused' && refusal?.code === REFUSED) await outbox.retry(id);
  }
}
