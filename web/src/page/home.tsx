// The page: a map, a panel at its side (a drawer on a phone), a card for what is
// chosen.
import { AppstoreOutlined, CloudUploadOutlined, HomeOutlined, TableOutlined } from '@ant-design/icons';
import { Button, Drawer } from 'antd';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type Permission, useMay } from '../account/session';
import { Who } from '../account/who';
import { useLevels, useStatus, useUnit } from '../api/queries';
import { Card } from '../card/card';
import { useShortcuts } from '../common/keys';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { JobWatch } from '../jobs/watch';
import { asBounds, goToBounds, goToPlace } from '../map/camera';
import { useChosenLevel, usedLevels } from '../map/level';
import { DemoSeal, Header, useTownName } from '../panel/header';
import LayersPanel from '../panel/layers';
import { Mark } from '../panel/mark';
import { focusSearch, Search } from '../panel/search';
import { usePage } from '../view/store';
import { nothingSelected, PANELS, type PanelName, useView } from '../view/url';
import { Banners } from './banners';
import { Settings } from './settings';
import { Shell } from './shell';
import { ShortcutSheet } from './shortcuts';

const MapView = lazy(() => import('../map/map-view'));
const UnitsPanel = lazy(() => import('../panel/units'));
const DataPanel = lazy(() => import('../panel/data'));
const UnplacedPanel = lazy(() => import('../panel/unplaced'));
const ImportWizard = lazy(() => import('../imports/wizard'));

export default function HomePage() {
  const may = useMay();
  return may('map') ? <MapPage /> : <NothingToSee />;
}

function MapPage() {
  const { t } = useTranslation();
  const phone = usePhone();
  const status = useStatus();
  const may = useMay();
  const importing = usePage((page) => page.importing) && may('load');
  useKeys();
  useFirstLook();
  return (
    <div className={phone ? 'page page-phone' : 'page'}>
      <a className="skip" href="#panel">
        {t('app.skip')}
      </a>
      <main className="page-map">
        {status.data || status.isError ? (
          <Suspense fallback={<div className="map" />}>
            <MapView />
          </Suspense>
        ) : (
          <div className="map" />
        )}
        <NoTown />
      </main>
      <Banners />
      {phone ? <PhonePanel /> : <SidePanel />}
      <Card />
      <JobWatch />
      <ShortcutSheet />
      {importing && (
        <Suspense fallback={null}>
          <ImportWizard />
        </Suspense>
      )}
    </div>
  );
}

/** NothingToSee is for who holds no post today, or is away from all of them. */
function NothingToSee() {
  const { t } = useTranslation();
  return (
    <Shell title={t('who.nothing')}>
      <Nothing title={t('who.nothing')}>
        <p>{t('who.nothingHint')}</p>
        <Link to="/account">{t('who.toAccount')}</Link>
      </Nothing>
    </Shell>
  );
}

/** NoTown says what to do on a server that holds nothing yet, or does not answer. */
function NoTown() {
  const { t } = useTranslation();
  const may = useMay();
  const status = useStatus();
  if (status.isError && !status.data) {
    return (
      <div className="page-notice">
        <Failed cause={status.error} retry={() => status.refetch()} />
      </div>
    );
  }
  if (!status.data || status.data.town !== null || status.data.counts.units > 0) return null;
  return (
    <div className="page-notice">
      <Nothing title={t('empty.title')}>
        <p>{t('empty.text')}</p>
        {may('load') && (
          <Button type="primary" onClick={() => usePage.setState({ importing: true })}>
            {t('data.import')}
          </Button>
        )}
        <p className="soft">{t('empty.demo')}</p>
        <code>wangge import boundaries FILE</code>
      </Nothing>
    </div>
  );
}

const icons: Record<PanelName, ReactNode> = {
  map: <AppstoreOutlined aria-hidden="true" />,
  units: <TableOutlined aria-hidden="true" />,
  data: <CloudUploadOutlined aria-hidden="true" />,
  unplaced: <HomeOutlined aria-hidden="true" />,
};

/** What a panel needs: all of one of these. */
const needs: Record<PanelName, Permission[][]> = {
  map: [['map']],
  units: [['map']],
  data: [['load'], ['plan'], ['export'], ['setting']],
  unplaced: [['place', 'record']],
};

/** usePanels are the panels that have something for this session, and the one to show. */
export function usePanels(): { panels: PanelName[]; panel: PanelName } {
  const may = useMay();
  const [view] = useView();
  const panels = PANELS.filter((panel) => needs[panel].some((all) => all.every(may)));
  return { panels, panel: panels.find((panel) => panel === view.panel) ?? 'map' };
}

function Tabs({ current, onChoose }: { current: PanelName | null; onChoose: (panel: PanelName) => void }) {
  const { t } = useTranslation();
  const { panels } = usePanels();
  const unplaced = useStatus().data?.counts.unplaced ?? 0;
  return (
    <nav className="tabs" aria-label={t('panel.title')}>
      {panels.map((panel) => (
        <button
          key={panel}
          type="button"
          aria-current={panel === current ? 'page' : undefined}
          onClick={() => onChoose(panel)}
        >
          <span className="tab-icon" aria-hidden="true">
            {icons[panel]}
          </span>
          <span>{t(`panel.${panel}`)}</span>
          {panel === 'unplaced' && unplaced > 0 && (
            <span className="tab-count figures">{unplaced > 999 ? '999+' : unplaced}</span>
          )}
        </button>
      ))}
    </nav>
  );
}

function PanelBody({ panel }: { panel: PanelName }) {
  return (
    <Suspense fallback={<Loading rows={6} />}>
      {panel === 'map' && <LayersPanel />}
      {panel === 'units' && <UnitsPanel />}
      {panel === 'data' && <DataPanel />}
      {panel === 'unplaced' && <UnplacedPanel />}
    </Suspense>
  );
}

function SidePanel() {
  const { t } = useTranslation();
  const [, setView] = useView();
  const { panel } = usePanels();
  return (
    <aside className={`panel panel-${panel}`} id="panel" aria-label={t('panel.title')} tabIndex={-1}>
      <Header />
      <Who />
      <Search />
      <Tabs current={panel} onChoose={(next) => setView({ panel: next })} />
      <div className="panel-body" key={panel}>
        <PanelBody panel={panel} />
      </div>
      <Settings />
    </aside>
  );
}

function PhonePanel() {
  const { t } = useTranslation();
  const [, setView] = useView();
  const open = usePage((page) => page.drawer);
  const name = useTownName();
  const { panel } = usePanels();
  const close = () => usePage.setState({ drawer: false });
  return (
    <>
      <header className="phone-bar">
        <div className="phone-title">
          <Mark />
          <h1>{name}</h1>
          <DemoSeal />
          <Who bare />
        </div>
        <Search />
      </header>
      <div id="panel" className="phone-tabs">
        <Tabs
          current={open ? panel : null}
          onChoose={(next) => {
            const same = open && next === panel;
            setView({ panel: next });
            usePage.setState({ drawer: !same });
          }}
        />
      </div>
      <Drawer
        getContainer={overlays}
        open={open}
        onClose={close}
        placement="bottom"
        size="68dvh"
        title={t(`panel.${panel}`)}
        className="phone-drawer"
        footer={<Settings />}
      >
        <PanelBody panel={panel} />
      </Drawer>
    </>
  );
}

/** cameraGiven reports whether the link that opened the map says where to look. */
const cameraGiven = () => /[#&]map=/.test(location.hash);

/** useFirstLook brings what a link has chosen into view, when it does not say where to look. */
function useFirstLook() {
  const [view] = useView();
  const map = usePage((page) => page.map);
  const [done, setDone] = useState(cameraGiven);
  const box = asBounds(useUnit(done ? null : view.unit, view.at).data?.bbox);
  useEffect(() => {
    if (done || !map) return;
    if (box) goToBounds(box);
    else if (view.place) goToPlace(view.place);
    else if (view.unit) return; // its box is on the way
    setDone(true);
  }, [done, map, box, view.place, view.unit]);
}

/** useKeys are the shortcuts of the page; the sheet under "?" lists them. */
function useKeys() {
  const [view, setView] = useView();
  const levels = usedLevels(useLevels(view.at).data ?? []);
  const level = useChosenLevel();
  const box = asBounds(useUnit(view.unit, view.at).data?.bbox);
  const step = (by: number) => {
    const next = levels[levels.findIndex((one) => one.code === level) + by];
    if (next) setView({ level: next.code });
  };
  const { panels } = usePanels();
  const show = (panel: PanelName) => {
    if (!panels.includes(panel)) return;
    setView({ panel });
    usePage.setState({ drawer: true });
  };
  useShortcuts([
    { key: 'k', ctrl: true, run: focusSearch },
    { key: '/', run: focusSearch },
    { key: '?', run: () => usePage.setState({ helping: true }) },
    { key: 'm', run: () => show('map') },
    { key: 'u', run: () => show('units') },
    { key: 'd', run: () => show('data') },
    { key: '[', run: () => step(-1) },
    { key: ']', run: () => step(1) },
    { key: 'f', run: () => box && goToBounds(box) },
    {
      key: 'Escape',
      run: () => {
        if (!usePage.getState().placing) setView(nothingSelected);
      },
    },
  ]);
}
