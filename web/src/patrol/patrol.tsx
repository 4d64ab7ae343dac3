// The frame of the officer's page: one screen at a time, and the way to the others within
// reach of a thumb.
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { learnConsent } from './consent';
import { fresh, runDuties, useDuties } from './duties';
import { DutiesScreen } from './duties-screen';
import { Duty } from './duty';
import { Icon } from './icon';
import { useLookOnPage } from './look';
import { Me } from './me';
import { watchDevices } from './offline/device';
import { NextPage } from './offline/kept';
import { Notices } from './offline/notices';
import { runPack } from './offline/pack';
import { takeNext } from './offline/shell';
import { lookAtStorage } from './offline/storage';
import { runOutbox, usePost } from './outbox/outbox';
import { OutboxScreen } from './outbox-screen';
import { seek, usePlace } from './place';
import { begin, learnDraft, useReport } from './report';
import { ReportScreen } from './report-screen';
import { runShift } from './shift';
import { SignIn } from './sign-in';
import { ask, useWho } from './who';

const PatrolMap = lazy(() => import('./map'));

const SCREENS = ['map', 'duties', 'outbox', 'me'] as const;
type Screen = (typeof SCREENS)[number];

export function Patrol() {
  useLookOnPage();
  return (
    <LastResort>
      <Whose />
    </LastResort>
  );
}

/** Whose shows the page of whoever has signed in, also when the server cannot say so just now. */
function Whose() {
  const { t } = useTranslation();
  const { officer, sign_in } = useWho();
  const revoked = usePost((post) => post.revoked);
  useEffect(() => {
    ask();
    window.addEventListener('online', ask);
    return () => window.removeEventListener('online', ask);
  }, []);
  useEffect(() => {
    const leaving = new AbortController();
    watchDevices(leaving.signal);
    return () => leaving.abort();
  }, []);
  if (officer) return <Screens key={officer.account} account={officer.account} />;
  if (sign_in === 'unasked')
    return (
      <p className="boot-wait" role="status">
        {t('common.loading')}
      </p>
    );
  return (
    <main className="patrol-entry">
      <h1>{t('patrol.title')}</h1>
      {revoked && (
        <p className="patrol-bad" role="alert">
          {t('patrol.revoked')}
        </p>
      )}
      <SignIn />
      <NextPage />
    </main>
  );
}

function Screens({ account }: { account: number }) {
  const { t } = useTranslation();
  const [screen, setScreen] = useState<Screen>('map');
  const outbox = usePost((post) => post.outbox);
  useEffect(seek, []);
  useEffect(() => {
    lookAtStorage();
  }, []);
  useEffect(() => {
    const leaving = new AbortController();
    runOutbox(account, leaving.signal);
    runPack(account, leaving.signal);
    return () => leaving.abort();
  }, [account]);
  useEffect(() => {
    if (!outbox) return;
    const leaving = new AbortController();
    runShift(outbox, leaving.signal);
    learnDraft(outbox);
    runDuties(outbox, leaving.signal);
    return () => leaving.abort();
  }, [outbox]);
  const signedIn = useWho(({ sign_in }) => sign_in === 'holds');
  useEffect(() => {
    if (outbox) learnConsent(outbox, signedIn);
  }, [outbox, signedIn]);
  const news = useDuties((state) => fresh(state).length);
  const reporting = useReport(({ draft }) => draft !== null);
  return (
    <div className="patrol">
      <main className="patrol-screen">
        <h1 className={reporting ? 'patrol-title' : 'off-screen'}>
          {t(reporting ? 'patrol.report.title' : `patrol.screen.${screen}`)}
        </h1>
        {reporting && <ReportScreen />}
        {/* The map stays: making it anew takes seconds on a phone. */}
        <div hidden={reporting || screen !== 'map'} className="patrol-first">
          <Duty toConsent={() => setScreen('me')} />
          <Suspense fallback={<div className="patrol-map" />}>
            <PatrolMap toDuties={() => setScreen('duties')}>
              <div className="patrol-notices">
                <NoPlace />
                <Notices go={setScreen} />
              </div>
            </PatrolMap>
          </Suspense>
          {outbox && (
            <button type="button" className="patrol-main patrol-begin" onClick={() => begin(outbox)}>
              <Icon name="camera" />
              {t('patrol.report.begin')}
            </button>
          )}
        </div>
        {!reporting && screen === 'duties' && <DutiesScreen toMap={() => setScreen('map')} />}
        {!reporting && screen === 'outbox' && <OutboxScreen />}
        {!reporting && screen === 'me' && <Me />}
      </main>
      {!reporting && (
        <nav className="patrol-nav" aria-label={t('patrol.screens')}>
          {SCREENS.map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === screen ? 'page' : undefined}
              onClick={() => setScreen(name)}
            >
              <Icon name={name} />
              {t(`patrol.screen.${name}`)}
              {name === 'duties' && news > 0 && (
                <span className="patrol-badge figures">
                  <span aria-hidden="true">{news}</span>
                  <span className="off-screen">{t('patrol.duties.fresh', { count: news })}</span>
                </span>
              )}
            </button>
          ))}
        </nav>
      )}
    </div>
  );
}

/** NoPlace says why the phone's place is not on the map, and what helps. */
function NoPlace() {
  const { t } = useTranslation();
  const seeking = usePlace((place) => place.seeking);
  if (seeking === 'off' || seeking === 'on') return null;
  return (
    <div className="patrol-notice" role="status">
      <p>{t(`patrol.seeking.${seeking}`)}</p>
      {seeking === 'denied' && (
        <button type="button" onClick={seek}>
          {t('common.retry')}
        </button>
      )}
    </div>
  );
}

/** LastResort shows an error of the page itself instead of a blank screen. */
class LastResort extends Component<{ children: ReactNode }, { cause: Error | null }> {
  override state: { cause: Error | null } = { cause: null };

  static getDerivedStateFromError(cause: Error) {
    return { cause };
  }

  override render() {
    return this.state.cause ? <Broken cause={this.state.cause} /> : this.props.children;
  }
}

function Broken({ cause }: { cause: Error }) {
  const { t } = useTranslation();
  return (
    <main className="patrol-entry" role="alert">
      <h1>{t('broken.title')}</h1>
      <p>{t('patrol.broken')}</p>
      <pre>{cause.message}</pre>
      <button type="button" className="patrol-main" onClick={takeNext}>
        {t('banner.reload')}
      </button>
    </main>
  );
}
