// Posts: which there are, who holds them, what is missing, and the template that
// says what there should be.
import { Segmented, Tabs } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../account/session';
import { useUnit } from '../api/queries';
import { useLanguage } from '../common/format';
import { Loading } from '../common/states';
import { useView } from '../view/url';
import { Absences } from './absences';
import { Page } from './common';
import { brokenIn, useVacancyCounts } from './duties';
import { Templates } from './templates';
import { UnitTree } from './tree';
import { CentralPosts, UnitPosts } from './unit-posts';
import { Vacancies } from './vacancies';

const VacancyMap = lazy(() => import('./vacancy-map'));

export default function PostsPage() {
  const { t } = useTranslation();
  const [, setView] = useView();
  const [tab, setTab] = useState('units');
  const goTo = (unit: string) => {
    setView({ unit });
    setTab('units');
  };
  return (
    <Page title={t('admin.section.posts')} lead={t('admin.post.hint')}>
      <Tabs
        activeKey={tab}
        onChange={setTab}
        items={[
          { key: 'units', label: t('admin.post.byUnit'), children: <ByUnit /> },
          { key: 'vacancies', label: t('admin.vacancy.title'), children: <Vacancies onUnit={goTo} /> },
          { key: 'template', label: t('admin.template.title'), children: <Templates /> },
          { key: 'absences', label: t('admin.absence.title'), children: <Absences /> },
        ]}
      />
    </Page>
  );
}

/** The place of posts that belong to no unit. */
const CENTRAL = '';

function ByUnit() {
  const { t } = useTranslation();
  const language = useLanguage();
  const [view, setView] = useView();
  const [shown, setShown] = useState<'tree' | 'map'>('tree');
  const [central, setCentral] = useState(false);
  const everywhere = useSession().data?.posts.some((post) => post.unit === CENTRAL) ?? false;
  const counts = useVacancyCounts().data;
  const broken = new Map(counts?.map((unit) => [unit.unit, brokenIn(unit)]));
  const choose = (unit: string) => {
    setCentral(false);
    setView({ unit });
  };
  return (
    <div className={shown === 'map' ? 'admin-split admin-split-map' : 'admin-split'}>
      <div className="admin-split-side">
        <div className="admin-bar">
          <Segmented
            aria-label={t('admin.post.shown')}
            value={shown}
            onChange={setShown}
            options={[
              { value: 'tree', label: t('admin.post.tree') },
              { value: 'map', label: t('admin.post.map') },
            ]}
          />
          {everywhere && (
            <button
              type="button"
              className="admin-link"
              aria-current={central ? 'true' : undefined}
              onClick={() => setCentral(true)}
            >
              {t('admin.post.central')}
            </button>
          )}
        </div>
        {shown === 'tree' ? (
          <UnitTree
            chosen={central ? null : view.unit}
            onChoose={choose}
            figure={(unit) => {
              const count = broken.get(unit) ?? 0;
              return count > 0
                ? { text: count.toLocaleString(language), label: t('admin.vacancy.count', { count }) }
                : null;
            }}
          />
        ) : (
          <Suspense fallback={<Loading />}>
            <VacancyMap broken={broken} chosen={view.unit} onChoose={choose} />
          </Suspense>
        )}
      </div>
      <div className="admin-split-main">
        {central ? (
          <CentralPosts />
        ) : view.unit ? (
          <ChosenUnit key={view.unit} code={view.unit} />
        ) : (
          <p className="soft">{t('admin.chooseUnit')}</p>
        )}
      </div>
    </div>
  );
}

function ChosenUnit({ code }: { code: string }) {
  const unit = useUnit(code).data;
  return (
    <>
      <h2>
        {unit?.name ?? code} <small className="soft figures">{code}</small>
      </h2>
      <UnitPosts unit={code} />
    </>
  );
}
