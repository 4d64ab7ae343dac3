// Nothing of the page is shown before it is known who looks. Who has not signed
// in, or whose session has ended, signs in at the address they wanted.
import { useQueryClient } from '@tanstack/react-query';
import { Fragment, lazy, Suspense, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Outlet } from 'react-router';
import { onSignedOut } from '../api/client';
import { Failed } from '../common/states';
import { Mark } from '../panel/mark';
import { setSession, takeWanted, useSession } from './session';

const SignIn = lazy(() => import('./sign-in'));

/** Gate is the way to every page that needs a sign-in. */
export function Gate() {
  const client = useQueryClient();
  const session = useSession();
  const was = useRef(false);
  useEffect(() => {
    const end = () => setSession(client, null);
    onSignedOut.add(end);
    return () => {
      onSignedOut.delete(end);
    };
  }, [client]);
  if (session.data) was.current = true;

  if (session.data === undefined) {
    if (!session.isError) return <Waiting />;
    return (
      <main className="gate">
        <Failed cause={session.error} retry={() => session.refetch()} />
      </main>
    );
  }
  if (session.data === null) {
    return (
      <Suspense fallback={<Waiting />}>
        <SignIn ended={was.current} />
      </Suspense>
    );
  }
  return (
    <Fragment key={session.data.account}>
      <Returned />
    </Fragment>
  );
}

/** Returned is the page, at the address that was wanted before a sign-in elsewhere. */
function Returned() {
  const wanted = useRef<string | null>(undefined);
  if (wanted.current === undefined) wanted.current = takeWanted();
  if (wanted.current === null) return <Outlet />;
  const to = wanted.current;
  wanted.current = null;
  return <Navigate to={to} replace />;
}

/** Waiting stands while the server is asked who this is. */
export function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="gate" role="status" aria-label={t('common.loading')}>
      <Mark />
    </div>
  );
}
