// The states a panel can be in when it has nothing to show: loading, empty,
// failed. Never a bare "something went wrong".
import { ReloadOutlined } from '@ant-design/icons';
import { Alert, Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { useWords } from './format';

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('common.loading')} className="state-loading">
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
}

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state-empty">
      <svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true">
        <path d="M6 14 24 6l18 8v20l-18 8-18-8z" className="state-empty-outline" />
        <path d="M6 14l18 8 18-8M24 22v20" className="state-empty-fold" />
      </svg>
      <p className="state-empty-title">{title}</p>
      {children && <div className="state-empty-text">{children}</div>}
    </div>
  );
}

/** Failed says what happened, with its code, and offers to try again. */
export function Failed({ cause, retry }: { cause: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const word = useWords();
  const problem = asProblem(cause);
  const known = word('problem', problem.code);
  const title = known === problem.code ? problem.message : known;
  const more = problem.errors.slice(0, 6);
  return (
    <Alert
      type="error"
      showIcon
      className="state-failed"
      title={title}
      description={
        <>
          {problem.detail && <p>{problem.detail}</p>}
          {more.length > 0 && (
            <ul className="state-failed-list">
              {more.map((error) => (
                <li key={`${error.pointer}${error.code}${error.detail}`}>
                  <span className="figures">{error.pointer}</span> {error.detail}
                </li>
              ))}
              {problem.errors.length > more.length && (
                <li>{t('common.andMore', { count: problem.errors.length - more.length })}</li>
              )}
            </ul>
          )}
          <p className="state-failed-code figures">
            {t('common.code')} {problem.code}
            {problem.status > 0 && ` · HTTP ${problem.status}`}
          </p>
          {retry && (
            <Button size="small" icon={<ReloadOutlined aria-hidden="true" />} onClick={retry}>
              {t('common.retry')}
            </Button>
          )}
        </>
      }
    />
  );
}
