// The frame of the pages for people who have not signed in: a sheet of paper with
// the mark, language and theme; and a problem said in their language.
import { Alert } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import './account.css';
import { type Problem, problemOf } from '../api/client';
import { elapsed, useWords } from '../common/format';
import { Appearance } from '../page/settings';
import { Mark } from '../panel/mark';

export function Entry({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.title')}`;
    return () => {
      document.title = t('app.title');
    };
  }, [title, t]);
  return (
    <div className="entry">
      <Ground />
      <main className="entry-sheet">
        <header className="entry-head">
          <Mark />
          <div>
            <p className="entry-name">{t('app.name')}</p>
            <p className="entry-what">{t('app.subtitle')}</p>
          </div>
        </header>
        <h1>{title}</h1>
        {children}
        <footer className="entry-foot">
          <Appearance />
        </footer>
      </main>
    </div>
  );
}

/** Ground is a street map of nowhere, behind the sheet. */
function Ground() {
  return (
    <svg
      className="entry-ground"
      viewBox="0 0 1200 800"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <g className="entry-cells">
        <path d="M-20 210 170 180 250-20H-20zM262-20 182 184 420 232 470-20zM482-20 432 234 640 268 700-20z" />
        <path d="M712-20 652 270 900 300 940-20zM952-20 912 302 1220 330V-20z" />
        <path d="M-20 222v250l150 24 50-300zM192 196l-50 302 236 40 44-296zM434 246l-44 294 220 30 32-292z" />
        <path d="M654 282l-32 290 236 36 44-296zM914 314l-44 296 350 40V342z" />
        <path d="M-20 484V820h100l48-314zM140 508 92 820h240l44-272zM388 550 344 820h230l34-260zM620 584 586 820h230l40-200z" />
        <path d="M868 622 828 820h392V662z" />
      </g>
      <path className="entry-chosen" d="M654 282l-32 290 236 36 44-296z" />
    </svg>
  );
}

/** Refused says why the server did not do it. waiting is for how many seconds more. */
export function Refused({ cause, waiting = 0 }: { cause: Problem; waiting?: number }) {
  const { t } = useTranslation();
  const word = useWords();
  const known = word('problem', cause.code);
  return (
    <Alert
      type={cause.status === 429 ? 'warning' : 'error'}
      showIcon
      role="alert"
      title={known === cause.code ? cause.message : known}
      description={
        waiting > 0 ? (
          <span className="figures">{t('signIn.wait', { time: elapsed(waiting) })}</span>
        ) : cause.status === 0 || known !== cause.code ? undefined : (
          cause.detail || undefined
        )
      }
    />
  );
}

/** useWaiting counts down the seconds that the server asks to wait. */
export function useWaiting(cause: Problem | null): number {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    setUntil(cause && cause.wait > 0 ? Date.now() + cause.wait * 1000 : 0);
  }, [cause]);
  useEffect(() => {
    if (until === 0) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** problemNamed is the problem that an address names by its code. */
export const problemNamed = (code: string): Problem => problemOf(400, { code, title: code });

/** takeToken reads a one-time token from the address, and removes it there at once. */
export function takeToken(): string {
  const token = decodeURIComponent(location.hash.slice(1));
  if (token) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}
