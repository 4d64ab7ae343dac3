// The planner's workshop: a draft on the map, tools to redraw it, what it comes to beside it.
import './workshop.css';
import { ToolOutlined, UnorderedListOutlined } from '@ant-design/icons';
import { Button, Drawer, Modal, Select } from 'antd';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { Shell } from '../page/shell';
import { usePage } from '../view/store';
import { Bar } from './bar';
import { BenchProvider, useBench, useDesk, useUnitName } from './bench';
import { Conflict } from './conflict';
import { Desk } from './desk';
import { DraftsPage } from './drafts';
import { startEngine } from './engine/engine';
import type { Hands } from './hands';
import { PlaceMenu } from './menu';
import { outbox } from './outbox';
import { Panel } from './panel';
import { server } from './server';
import { Hint, KEYS, Toolbar } from './toolbar';
import { setWorkshop, TOOLS, useWorkshopOfHistory, useWorkshopView, workshopView } from './view';

const WorkshopMap = lazy(() => import('./map'));

/** How often one says that one is there, in milliseconds. */
const PRESENT = 10_000;

export default function WorkshopPage() {
  const id = Number(useParams().plan);
  return Number.isSafeInteger(id) && id > 0 ? <Opened key={id} id={id} /> : <DraftsPage />;
}

function Opened({ id }: { id: number }) {
  const { t } = useTranslation();
  useWorkshopOfHistory();
  const desk = useOpenDesk(id);
  const hands = useRef<Hands | null>(null);
  const bench = useMemo(() => desk && { desk, hands }, [desk]);
  return (
    <Shell title={t('workshop.title')} full>
      {bench ? (
        <BenchProvider value={bench}>
          <Bench />
        </BenchProvider>
      ) : (
        <div className="map" />
      )}
    </Shell>
  );
}

/** useOpenDesk opens a draft, and puts it away when the page is left. */
function useOpenDesk(id: number): Desk | null {
  const [desk, setDesk] = useState<Desk | null>(null);
  useEffect(() => {
    const opened = new Desk(id, { engine: startEngine(), server, outbox });
    setDesk(opened);
    void opened.open();
    const online = () => opened.again();
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('online', online);
      opened.end();
    };
  }, [id]);
  return desk;
}

function Bench() {
  const { t } = useTranslation();
  const phone = usePhone();
  const phase = useDesk((state) => state.phase);
  const problem = useDesk((state) => state.problem);
  const [merging, setMerging] = useState(false);
  const [helping, setHelping] = useState(false);
  usePresence();
  useLeaveWarning();
  if (phase === 'failed') {
    return (
      <div className="page-notice">
        <Failed cause={problem} retry={() => location.reload()} />
        <Link to="/workshop">{t('workshop.drafts')}</Link>
      </div>
    );
  }
  return (
    <div className={phone ? 'desk desk-phone' : 'desk'} data-phase={phase}>
      <Bar />
      <div className="desk-map">
        {phase === 'ready' ? (
          <Suspense fallback={<div className="map" />}>
            <WorkshopMap />
          </Suspense>
        ) : (
          <p className="desk-loading" role="status">
            {t('workshop.loading')}
          </p>
        )}
        <Toolbar onMerge={() => setMerging(true)} onHelp={() => setHelping(true)} />
        {phase === 'ready' && <Hint />}
        {phase === 'ready' && <PlaceMenu onMerge={() => setMerging(true)} />}
      </div>
      {phone ? (
        <PhonePanel />
      ) : (
        <aside className="desk-panel" aria-label={t('workshop.parts')}>
          <Panel />
        </aside>
      )}
      <Conflict />
      {merging && <Merge onClose={() => setMerging(false)} />}
      <Keys open={helping} onClose={() => setHelping(false)} />
    </div>
  );
}

function PhonePanel() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        className="desk-open"
        type="primary"
        icon={<UnorderedListOutlined aria-hidden="true" />}
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        {t('workshop.parts')}
      </Button>
      <Drawer
        getContainer={overlays}
        open={open}
        onClose={() => setOpen(false)}
        placement="bottom"
        size="64dvh"
        title={t('workshop.parts')}
        className="phone-drawer"
      >
        <Panel />
      </Drawer>
    </>
  );
}

/** usePresence tells the others where one is, while the page is seen. */
function usePresence(): void {
  const { desk } = useBench();
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      const centre = usePage.getState().map?.getCenter();
      const at =
        usePage.getState().pointer ?? (centre ? ([centre.lng, centre.lat] as [number, number]) : null);
      void desk.look(at, workshopView.getState().sel[0] ?? null);
    };
    look();
    const timer = setInterval(look, PRESENT);
    return () => clearInterval(timer);
  }, [desk]);
}

/** useLeaveWarning asks before the page is left with something that the server does not have. */
function useLeaveWarning(): void {
  const waiting = useDesk((state) => state.waiting);
  useEffect(() => {
    if (waiting === 0) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [waiting]);
}

/** Merge asks which of the chosen units keeps its name and code. */
function Merge({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { desk } = useBench();
  const name = useUnitName();
  const rows = useDesk((state) => state.rows);
  const [{ sel }] = useWorkshopView();
  const [into, setInto] = useState(sel[0] ?? 0);
  const merge = async () => {
    if (await desk.do({ kind: 'merge', units: [...sel], into })) setWorkshop({ sel: [into] });
    onClose();
  };
  return (
    <Modal
      getContainer={overlays}
      open
      title={t('workshop.merge')}
      okText={t('workshop.merge')}
      cancelText={t('common.cancel')}
      okButtonProps={{ icon: <ToolOutlined aria-hidden="true" /> }}
      onOk={merge}
      onCancel={onClose}
    >
      <p>{sel.map((id) => name(rows.get(id), id)).join(' + ')}</p>
      <div className="form-row">
        <label htmlFor="merge-into">{t('workshop.keeps')}</label>
        <Select
          id="merge-into"
          getPopupContainer={overlays}
          value={into}
          options={sel.map((id) => ({ value: id, label: name(rows.get(id), id) }))}
          onChange={setInto}
        />
      </div>
    </Modal>
  );
}

const MORE = [
  ['M', 'merge'],
  ['L', 'lock'],
  ['F', 'zoom'],
  ['X', 'snap'],
  ['Shift F10', 'menu'],
  ['Alt', 'alt'],
  ['Shift', 'shift'],
  ['Enter', 'enter'],
  ['Ctrl Enter', 'finish'],
  ['Backspace', 'back'],
  ['Esc', 'escape'],
  ['Ctrl Z', 'undo'],
  ['Ctrl Shift Z', 'redo'],
] as const;

/** Keys lists what the keyboard can do. */
function Keys({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      getContainer={overlays}
      open={open}
      footer={null}
      title={t('workshop.help')}
      onCancel={onClose}
      width={520}
    >
      <dl className="keys">
        {TOOLS.map((tool) => (
          <div key={tool}>
            <dt>
              <kbd>{KEYS[tool]}</kbd>
            </dt>
            <dd>{t(`workshop.tool.${tool}`)}</dd>
          </div>
        ))}
        {MORE.map(([key, what]) => (
          <div key={what}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`workshop.key.${what}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
