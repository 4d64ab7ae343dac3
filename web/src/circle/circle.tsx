// The page of the service circle: choose what is asked, see who is reached and who is
// not, on the map, in tables and in charts that follow each other.
import './circle.css';
import {
  BarChartOutlined,
  ControlOutlined,
  DownOutlined,
  InfoCircleOutlined,
  TableOutlined,
  UpOutlined,
} from '@ant-design/icons';
import { Button, Drawer } from 'antd';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { Shell } from '../page/shell';
import { Exports } from './exports';
import { Legend } from './legend';
import { awaitPress, useExtras } from './linked';
import { Method } from './method';
import { CARD, PARTS } from './parts';
import { ShownProvider, useShown, useShownState } from './shown';
import { DOCKS, type Dock, TABS, useCircleOfHistory, useCircleView } from './view';
import { useColumnText, useStandardText } from './words';

const CircleMap = lazy(() => import('./map'));
const DOCK_PARTS = {
  table: lazy(() => import('./table')),
  charts: lazy(() => import('./charts')),
  uncovered: lazy(() => import('./uncovered')),
};

export default function CirclePage() {
  const { t } = useTranslation();
  useCircleOfHistory();
  const shown = useShownState();
  const phone = usePhone();
  const status = useStatus();
  return (
    <Shell title={t('circle.title')} full>
      <ShownProvider value={shown}>
        <div className={phone ? 'circle circle-phone' : 'circle'}>
          <div className="circle-map">
            {status.data ? (
              <Suspense fallback={<div className="map" />}>
                <CircleMap />
              </Suspense>
            ) : (
              <div className="map" />
            )}
            {status.isError && !status.data && (
              <div className="page-notice">
                <Failed cause={status.error} retry={() => status.refetch()} />
              </div>
            )}
            {phone && <Strip />}
            {!phone && (
              <section className="circle-legend" aria-label={t('circle.legend.title')}>
                <Legend />
              </section>
            )}
            {CARD && (
              <Suspense fallback={null}>
                <CARD />
              </Suspense>
            )}
          </div>
          {phone ? <PhoneParts /> : <WideParts />}
        </div>
      </ShownProvider>
    </Shell>
  );
}

/** Strip keeps the standard on the map where the legend is folded away, or says what the map waits for. */
function Strip() {
  const { asked } = useShown();
  const column = useColumnText();
  const standard = useStandardText();
  const { t } = useTranslation();
  if (useExtras((extras) => extras.awaited)) {
    return (
      <p className="circle-strip circle-awaited" role="status">
        {t('sites.adding')}
        <Button size="small" onClick={() => awaitPress(false)}>
          {t('sites.cancel')}
        </Button>
      </p>
    );
  }
  if (!asked) return null;
  return (
    <p className="circle-strip figures">
      <strong>{column(asked)}</strong> {standard(asked.standard)}
    </p>
  );
}

function WideParts() {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  return (
    <>
      <aside className="circle-panel" aria-label={t('circle.choose.title')}>
        <Panel />
      </aside>
      <section
        className={`circle-dock${view.dock ? '' : ' circle-dock-folded'}`}
        aria-label={t('circle.figures')}
      >
        <div className="circle-dock-head">
          <DockTabs />
          <DockTools />
          <Button
            type="text"
            aria-expanded={view.dock !== null}
            aria-label={t(view.dock ? 'circle.fold' : 'circle.unfold')}
            icon={view.dock ? <DownOutlined aria-hidden="true" /> : <UpOutlined aria-hidden="true" />}
            onClick={() => setView({ dock: view.dock ? null : 'table' })}
          />
        </div>
        {view.dock && <DockBody dock={view.dock} />}
      </section>
    </>
  );
}

/** On a phone the parts are drawers over the map. */
export function PhoneParts() {
  const { t } = useTranslation();
  const [view] = useCircleView();
  const [open, setOpen] = useState<'choose' | 'legend' | 'figures' | null>(null);
  const awaited = useExtras((extras) => extras.awaited);
  const before = useRef(awaited);
  // A press on the map is asked for in the drawer, which makes room and then shows the answer.
  useEffect(() => {
    if (before.current !== awaited) setOpen(awaited ? null : 'choose');
    before.current = awaited;
  }, [awaited]);
  const parts: [NonNullable<typeof open>, string, ReactNode][] = [
    ['choose', t('circle.choose.title'), <ControlOutlined key="c" aria-hidden="true" />],
    ['legend', t('circle.legend.title'), <BarChartOutlined key="l" aria-hidden="true" />],
    ['figures', t('circle.figures'), <TableOutlined key="f" aria-hidden="true" />],
  ];
  return (
    <>
      <nav className="phone-tabs circle-phone-tabs" aria-label={t('panel.title')}>
        <div className="tabs">
          {parts.map(([name, title, icon]) => (
            <button
              key={name}
              type="button"
              aria-current={open === name ? 'page' : undefined}
              onClick={() => setOpen(open === name ? null : name)}
            >
              <span className="tab-icon">{icon}</span>
              <span>{title}</span>
            </button>
          ))}
        </div>
      </nav>
      <Drawer
        getContainer={overlays}
        open={open !== null}
        onClose={() => setOpen(null)}
        placement="bottom"
        forceRender
        size="72dvh"
        title={parts.find(([name]) => name === open)?.[1]}
        className="phone-drawer circle-drawer"
      >
        {/* It stays while it is folded away: a press on the map may be meant for it. */}
        <div hidden={open !== 'choose'}>
          <Panel />
        </div>
        {open === 'legend' && (
          <div className="block">
            <Legend />
          </div>
        )}
        {open === 'figures' && (
          <>
            <div className="circle-dock-head">
              <DockTabs />
              <DockTools />
            </div>
            <DockBody dock={view.dock ?? 'table'} />
          </>
        )}
      </Drawer>
    </>
  );
}

function Panel() {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  const tabs = TABS.filter((tab) => PARTS[tab]);
  const tab = tabs.find((one) => one === view.tab) ?? 'coverage';
  const Part = PARTS[tab];
  return (
    <>
      {tabs.length > 1 && (
        <nav className="tabs circle-tabs" aria-label={t('circle.tabs')}>
          {tabs.map((one) => (
            <button
              key={one}
              type="button"
              aria-current={one === tab ? 'page' : undefined}
              onClick={() => setView({ tab: one })}
            >
              {t(`circle.tab.${one}`)}
            </button>
          ))}
        </nav>
      )}
      <div className="panel-body" key={tab}>
        <Suspense fallback={<Loading rows={6} />}>{Part && <Part />}</Suspense>
      </div>
    </>
  );
}

function DockTabs() {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  return (
    <nav className="tabs" aria-label={t('circle.figures')}>
      {DOCKS.map((dock) => (
        <button
          key={dock}
          type="button"
          aria-current={dock === view.dock ? 'page' : undefined}
          onClick={() => setView({ dock })}
        >
          {t(`circle.dock.${dock}`)}
        </button>
      ))}
    </nav>
  );
}

function DockTools() {
  const { t } = useTranslation();
  const { run } = useShown();
  const [explained, setExplained] = useState(false);
  return (
    <div className="circle-tools">
      <Button
        size="small"
        icon={<InfoCircleOutlined aria-hidden="true" />}
        onClick={() => setExplained(true)}
      >
        {t('circle.method.title')}
      </Button>
      {run?.state === 'done' && <Exports />}
      <Method open={explained} onClose={() => setExplained(false)} />
    </div>
  );
}

function DockBody({ dock }: { dock: Dock }) {
  const { t } = useTranslation();
  const { run, error, retry } = useShown();
  const [view] = useCircleView();
  const Part = DOCK_PARTS[dock];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="circle-dock-body" tabIndex={0} aria-label={t(`circle.dock.${dock}`)}>
      {view.run === null ? (
        <Nothing title={t('circle.run.none')}>{t('circle.run.noneHint')}</Nothing>
      ) : !run ? (
        <Loading />
      ) : run.state !== 'done' ? (
        <Nothing title={t(`jobState.${run.state}`)}>{t('circle.run.notDone')}</Nothing>
      ) : error ? (
        <Failed cause={error} retry={retry} />
      ) : (
        <Suspense fallback={<Loading />}>
          <Part />
        </Suspense>
      )}
    </section>
  );
}
