// The pages of those who keep posts and accounts, privacy, the log and the
// settings. Each is shown to whoever may use it; what is allowed in the end, the
// server decides.
import './admin.css';
import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Route, Routes } from 'react-router';
import { Waiting } from '../account/gate';
import { Nothing } from '../common/states';
import { Shell } from '../page/shell';
import { type SectionName, useSections } from './sections';

const PARTS: Record<SectionName, LazyExoticComponent<ComponentType>> = {
  posts: lazy(() => import('./posts')),
  accounts: lazy(() => import('./accounts')),
  scope: lazy(() => import('./scope')),
  register: lazy(() => import('./register')),
  requests: lazy(() => import('./requests')),
  audit: lazy(() => import('./audit')),
  public: lazy(() => import('./public-service')),
  incidents: lazy(() => import('./incidents')),
};

export default function AdminPages() {
  const sections = useSections();
  return (
    <Suspense fallback={<Waiting />}>
      <Routes>
        {sections.map((name) => {
          const Part = PARTS[name];
          return <Route key={name} path={name} element={<Part />} />;
        })}
        {sections[0] && <Route index element={<Navigate to={sections[0]} replace />} />}
        <Route path="*" element={<NotYours />} />
      </Routes>
    </Suspense>
  );
}

/** NotYours is for an address that does not exist, or that the posts of the reader do not open. */
function NotYours() {
  const { t } = useTranslation();
  return (
    <Shell title={t('admin.notYours')}>
      <Nothing title={t('problem.forbidden')}>{t('admin.notYoursHint')}</Nothing>
    </Shell>
  );
}
