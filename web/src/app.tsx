// The frame around every page: server state, address, language, theme, and a
// last resort for errors nobody expected.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, Button, ConfigProvider } from 'antd';
import en from 'antd/locale/en_US';
import zh from 'antd/locale/zh_CN';
import { Component, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { Gate, Waiting } from './account/gate';
import { asProblem } from './api/client';
import { useMedia } from './common/media';
import { overlays } from './common/overlays';
import { useLanguageOfAddress } from './i18n/choice';
import { adminWords, analysisWords, borderWords, dutyWords, residentWords, written } from './i18n/desk-words';
import { antdTheme } from './theme/antd';
import { useThemeOnPage } from './theme/page';
import { useTheme } from './theme/theme';
import { useViewOfHistory } from './view/url';

const HomePage = lazy(() => import('./page/home'));
const LedgerPage = lazy(() => written(dutyWords, import('./board/page')));
const DutyPage = lazy(() => written(dutyWords, import('./duty/page')));
const IncidentsPage = lazy(() => written([dutyWords, analysisWords], import('./incidents/page')));
const AdminPages = lazy(() => written(adminWords, import('./admin/admin')));
const CirclePage = lazy(() => import('./circle/circle'));
const ComparePage = lazy(() => import('./compare/compare'));
const BorderPage = lazy(() => written(borderWords, import('./borderwalk/border')));
const WalkPage = lazy(() => written(borderWords, import('./borderwalk/walk')));
const PlanPage = lazy(() => import('./plan/plan'));
const ProposalsPage = lazy(() => import('./proposals/proposals'));
const RulesPage = lazy(() => import('./rules/rules'));
const WorkshopPage = lazy(() => import('./workshop/workshop'));
const EnquiryPage = lazy(() => import('./enquiry/page'));
const ReportPage = lazy(() => written(residentWords, import('./enquiry/report')));
const ReceiptPage = lazy(() => written(residentWords, import('./enquiry/receipt')));
const AccountPage = lazy(() => import('./account/page'));
const FirstPage = lazy(() => import('./account/first'));
const LinkPage = lazy(() => import('./account/link'));

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (failures, cause) => failures < 2 && [0, 502, 503, 504].includes(asProblem(cause).status),
    },
    mutations: { networkMode: 'always' },
  },
});

/** The nonce the server gave this page; antd's styles need it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;

export function Application() {
  return (
    <QueryClientProvider client={client}>
      <BrowserRouter>
        <Themed />
      </BrowserRouter>
    </QueryClientProvider>
  );
}

function Themed() {
  const { i18n } = useTranslation();
  const { theme } = useTheme();
  const touch = useMedia('(pointer: coarse)');
  useThemeOnPage(theme);
  useLanguageOfAddress();
  useViewOfHistory();
  return (
    <ConfigProvider
      csp={nonce ? { nonce } : undefined}
      locale={i18n.language === 'en' ? en : zh}
      theme={antdTheme(theme, touch)}
      button={{ autoInsertSpace: false }}
      getPopupContainer={overlays}
    >
      <AntApp>
        <LastResort>
          <Suspense fallback={<Waiting />}>
            <Routes>
              <Route path="/public" element={<EnquiryPage />} />
              <Route path="/public/consultations/:consultation" element={<EnquiryPage />} />
              <Route path="/public/report" element={<ReportPage />} />
              <Route path="/public/report/:code" element={<ReceiptPage />} />
              <Route path="/first" element={<FirstPage />} />
              <Route path="/password" element={<LinkPage />} />
              <Route element={<Gate />}>
                <Route path="/" element={<HomePage />} />
                <Route path="/circle" element={<CirclePage />} />
                <Route path="/compare" element={<ComparePage />} />
                <Route path="/plans/:plan" element={<PlanPage />} />
                <Route path="/plans/:plan/border" element={<BorderPage />} />
                <Route path="/border-walks/:walk?" element={<WalkPage />} />
                <Route path="/proposals/:id?" element={<ProposalsPage />} />
                <Route path="/rules/:set?" element={<RulesPage />} />
                <Route path="/workshop/:plan?" element={<WorkshopPage />} />
                <Route path="/incidents" element={<LedgerPage />} />
                <Route path="/incidents/analysis" element={<IncidentsPage />} />
                <Route path="/duty" element={<DutyPage />} />
                <Route path="/account" element={<AccountPage />} />
                <Route path="/admin/*" element={<AdminPages />} />
                <Route path="/patrol" element={<OtherDocument />} />
                <Route path="*" element={<Navigate to="/" replace />} />
              </Route>
            </Routes>
          </Suspense>
        </LastResort>
      </AntApp>
    </ConfigProvider>
  );
}

/** OtherDocument leaves for a page of the server that is not part of this one. */
function OtherDocument() {
  useEffect(() => location.reload(), []);
  return <Waiting />;
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
    <main className="broken" role="alert">
      <h1>{t('broken.title')}</h1>
      <p>{t('broken.text')}</p>
      <pre>{cause.message}</pre>
      <Button type="primary" onClick={() => location.reload()}>
        {t('banner.reload')}
      </Button>
    </main>
  );
}
