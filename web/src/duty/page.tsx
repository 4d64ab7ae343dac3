// The duty room: what is running, late and missed, and what happens, by post and unit. On
// a wall it fills the screen, large and dark.
import '../admin/admin.css';
import '../board/board.css';
import './duty.css';
import { ExpandOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { OneIncident } from '../board/one';
import { UnitSelect } from '../board/page';
import { useShortcuts } from '../common/keys';
import { Shell } from '../page/shell';
import { useView, type View } from '../view/url';
import { CoverageTable } from './coverage';
import { Late } from './late';
import { News, Overdue } from './news';
import { OnDuty } from './posts';
import { Shifts } from './shifts';
import { LiveState } from './state';
import { useDutyOfHistory, useDutyView } from './view';

const DutyMap = lazy(() => import('./map'));

export default function DutyPage() {
  const { t } = useTranslation();
  useDutyOfHistory();
  const [{ wall }] = useDutyView();
  const [{ unit }, setPage] = useView();
  const may = useMay();
  const [open, setOpen] = useState<string | null>(null);
  const toggle = useWall();
  const onUnit = (code: string | null) => setPage({ unit: code });
  const room = (
    <>
      <div className="duty-bar">
        <LiveState />
        {!wall && <UnitSelect unit={unit} onUnit={onUnit} />}
        <Button icon={<ExpandOutlined aria-hidden="true" />} title={t('duty.wallKey')} onClick={toggle}>
          {t(wall ? 'duty.wallLeave' : 'duty.wall')}
        </Button>
      </div>
      <div className="duty-room">
        <OnDuty />
        <Suspense fallback={<div className="admin-map" />}>
          <DutyMap unit={unit} onUnit={onUnit} />
        </Suspense>
        <div className="duty-side">
          <Overdue unit={unit} onOpen={setOpen} />
          <News onOpen={setOpen} />
        </div>
      </div>
      <Late unit={unit} />
      {!wall && may('supervise') && <Shifts unit={unit} />}
      {!wall && may('count') && <CoverageTable unit={unit} />}
    </>
  );
  return (
    <>
      {wall ? (
        <main className="duty-wall" id="content">
          <h1>{t('duty.title')}</h1>
          {room}
        </main>
      ) : (
        <Shell title={t('duty.title')} lead={t('duty.lead')} wide>
          {room}
        </Shell>
      )}
      <OneIncident id={open} onClose={() => setOpen(null)} onOpen={setOpen} />
    </>
  );
}

/** useWall goes to the wall screen and back, also by W and Escape; a wall screen is dark. */
function useWall(): () => void {
  const [{ wall }, set] = useDutyView();
  const [{ theme }, setPage] = useView();
  const before = useRef<View['theme']>(null);
  useEffect(() => {
    if (!wall || theme === 'dark') return;
    before.current = theme;
    setPage({ theme: 'dark' });
  }, [wall, theme, setPage]);
  const toggle = () => {
    if (wall) {
      setPage({ theme: before.current });
      if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    } else document.documentElement.requestFullscreen?.().catch(() => undefined); // a browser may not want to
    set({ wall: !wall });
  };
  useShortcuts([
    { key: 'w', run: toggle },
    { key: 'Escape', run: () => wall && toggle() },
  ]);
  return toggle;
}
