// The tools, with their keys; what the tool in hand waits for; and places typed instead of
// pressed.
import {
  AimOutlined,
  AppstoreAddOutlined,
  BorderOuterOutlined,
  DeleteOutlined,
  DragOutlined,
  EditOutlined,
  ExpandOutlined,
  HistoryOutlined,
  LockOutlined,
  MergeCellsOutlined,
  PlusCircleOutlined,
  QuestionCircleOutlined,
  RadiusSettingOutlined,
  RedoOutlined,
  ScissorOutlined,
  SelectOutlined,
  SplitCellsOutlined,
  SwapOutlined,
  UndoOutlined,
} from '@ant-design/icons';
import { Button, Input, Segmented, Select, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { area, useLanguage } from '../common/format';
import { useShortcuts } from '../common/keys';
import { useMedia } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { boundsOf, goToBounds } from '../map/camera';
import { give, unpick, useAtoms } from './atoms';
import { useBench, useDesk, useReason, useUnitName } from './bench';
import { UNCLAIMED } from './engine/types';
import { useHands } from './hands';
import { areaOf, drawn, gripOp, grips, KEEPS, parseSketch, sketchOp, writeSketch } from './sketch';
import { GRAINS, setWorkshop, TOOLS, type Tool, useWorkshopView } from './view';

export const KEYS: Record<Tool, string> = {
  select: 'V',
  pick: 'K',
  point: 'P',
  add: 'A',
  delete: 'D',
  border: 'B',
  reshape: 'R',
  split: 'S',
  transfer: 'T',
  draw: 'N',
};

const ICONS: Record<Tool, ReactNode> = {
  select: <SelectOutlined aria-hidden="true" />,
  pick: <AppstoreAddOutlined aria-hidden="true" />,
  point: <DragOutlined aria-hidden="true" />,
  add: <PlusCircleOutlined aria-hidden="true" />,
  delete: <DeleteOutlined aria-hidden="true" />,
  border: <BorderOuterOutlined aria-hidden="true" />,
  reshape: <EditOutlined aria-hidden="true" />,
  split: <ScissorOutlined aria-hidden="true" />,
  transfer: <SwapOutlined aria-hidden="true" />,
  draw: <ExpandOutlined aria-hidden="true" />,
};

function ToolButton(props: {
  name: string;
  keys?: string;
  icon: ReactNode;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip title={props.keys ? `${props.name} (${props.keys})` : props.name} placement="bottom">
      <Button
        type={props.pressed ? 'primary' : 'text'}
        aria-label={props.name}
        aria-keyshortcuts={props.keys}
        aria-pressed={props.pressed}
        disabled={props.disabled}
        icon={props.icon}
        onClick={props.onClick}
      />
    </Tooltip>
  );
}

export function Toolbar(props: { onMerge: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  const { desk, hands } = useBench();
  const [view] = useWorkshopView();
  const head = useDesk((state) => state.head);
  const waiting = useDesk((state) => state.waiting);
  const rows = useDesk((state) => state.rows);
  const { sel, tool, snap } = view;
  const locked = sel.length > 0 && sel.every((id) => rows.get(id)?.locked);
  const lock = () => sel.length > 0 && void desk.do({ kind: locked ? 'unlock' : 'lock', units: [...sel] });
  const undo = () => void desk.undo();
  const redo = () => void desk.redo();
  const zoom = () => {
    const { pieces } = desk.state;
    const box = boundsOf(sel.map((id) => pieces.get(id)?.area ?? []));
    if (box) goToBounds(box, 18);
  };
  const merge = () => sel.length > 1 && props.onMerge();
  useShortcuts([
    ...TOOLS.map((one) => ({ key: KEYS[one].toLowerCase(), run: () => setWorkshop({ tool: one }) })),
    { key: 'm', run: merge },
    { key: 'l', run: lock },
    { key: 'x', run: () => setWorkshop({ snap: !snap }) },
    { key: 'f', run: zoom },
    { key: '?', run: props.onHelp },
    { key: 'z', ctrl: true, shift: false, run: undo },
    { key: 'z', ctrl: true, shift: true, run: redo },
    { key: 'y', ctrl: true, run: redo },
    { key: 'Backspace', run: () => hands.current?.back() },
    {
      key: 'Escape',
      run: () => {
        const { sketch, hold } = useHands.getState();
        const { picked } = useAtoms.getState();
        if (sketch.length > 0 || hold) hands.current?.cancel();
        else if (picked.size > 0) unpick();
        else setWorkshop(tool === 'select' ? { sel: [] } : { tool: 'select' });
        desk.clear();
      },
    },
  ]);
  return (
    <div className="desk-tools" role="toolbar" aria-label={t('workshop.tools')}>
      {TOOLS.map((one) => (
        <ToolButton
          key={one}
          name={t(`workshop.tool.${one}`)}
          keys={KEYS[one]}
          icon={ICONS[one]}
          pressed={tool === one}
          onClick={() => setWorkshop({ tool: one })}
        />
      ))}
      <span className="desk-gap" />
      <ToolButton
        name={t('workshop.merge')}
        keys="M"
        icon={<MergeCellsOutlined aria-hidden="true" />}
        disabled={sel.length < 2}
        onClick={merge}
      />
      <ToolButton
        name={t(locked ? 'workshop.unlock' : 'workshop.lock')}
        keys="L"
        icon={<LockOutlined aria-hidden="true" />}
        disabled={sel.length === 0}
        onClick={lock}
      />
      <ToolButton
        name={t('workshop.zoom')}
        keys="F"
        icon={<AimOutlined aria-hidden="true" />}
        disabled={sel.length === 0}
        onClick={zoom}
      />
      <span className="desk-gap" />
      <ToolButton
        name={t(snap ? 'workshop.snapOn' : 'workshop.snapOff')}
        keys="X"
        icon={<SplitCellsOutlined aria-hidden="true" />}
        pressed={snap}
        onClick={() => setWorkshop({ snap: !snap })}
      />
      <ToolButton
        name={t('workshop.targets')}
        icon={<RadiusSettingOutlined aria-hidden="true" />}
        pressed={view.targets}
        onClick={() => setWorkshop({ targets: !view.targets })}
      />
      <ToolButton
        name={t('workshop.force')}
        icon={<HistoryOutlined aria-hidden="true" />}
        pressed={view.force}
        onClick={() => setWorkshop({ force: !view.force })}
      />
      <span className="desk-gap" />
      <ToolButton
        name={t('workshop.undo')}
        keys="Ctrl+Z"
        icon={<UndoOutlined aria-hidden="true" />}
        disabled={head === 0 && waiting === 0}
        onClick={undo}
      />
      <ToolButton
        name={t('workshop.redo')}
        keys="Ctrl+Shift+Z"
        icon={<RedoOutlined aria-hidden="true" />}
        onClick={redo}
      />
      <ToolButton
        name={t('workshop.help')}
        keys="?"
        icon={<QuestionCircleOutlined aria-hidden="true" />}
        onClick={props.onHelp}
      />
    </div>
  );
}

/** Hint says what the tool in hand waits for, and takes typed places instead. */
export function Hint() {
  const { t } = useTranslation();
  const { hands } = useBench();
  const [{ tool }] = useWorkshopView();
  const { sketch, hold } = useHands();
  const refused = useDesk((state) => state.preview?.refused ?? state.notice);
  const reason = useReason();
  const language = useLanguage();
  const touch = useMedia('(pointer: coarse)');
  const [typing, setTyping] = useState(false);
  return (
    <section className="desk-hint" aria-label={t('workshop.tool.title')}>
      {refused && (
        <p className="desk-refused" role="alert">
          {reason(refused)}
          {refused.detail && language === 'en' && <small> {refused.detail}</small>}
        </p>
      )}
      <p>
        <strong>{t(`workshop.tool.${tool}`)}</strong>{' '}
        {touch && !types(tool) ? t(`workshop.touch.${tool as 'pick'}`) : t(`workshop.does.${tool}`)}
      </p>
      {tool === 'transfer' && <Give />}
      {tool === 'pick' && <Pick />}
      {tool === 'split' && <Keep />}
      <div className="desk-hint-buttons">
        {sketch.length > 0 && (
          <>
            <Button size="small" type="primary" onClick={() => void hands.current?.finish()}>
              {t('workshop.finish')}
            </Button>
            <Button size="small" onClick={() => hands.current?.back()}>
              {t('workshop.back')}
            </Button>
          </>
        )}
        {(sketch.length > 0 || hold) && (
          <Button size="small" onClick={() => hands.current?.cancel()}>
            {t('common.cancel')}
          </Button>
        )}
        {types(tool) && (
          <Button size="small" type="link" aria-expanded={typing} onClick={() => setTyping(!typing)}>
            {t('workshop.type')}
          </Button>
        )}
      </div>
      {typing && types(tool) && <Typed key={tool} tool={tool} />}
    </section>
  );
}

/** types are the tools that take typed places. */
const types = (tool: Tool): boolean => tool !== 'select' && tool !== 'pick';

/** useUnitOptions are the units to choose from, the chosen ones first. */
function useUnitOptions() {
  const rows = useDesk((state) => state.rows);
  const name = useUnitName();
  return [...rows.values()]
    .filter((row) => row.role === 'part')
    .map((row) => ({ value: row.id, label: name(row, row.id) }));
}

/** Give chooses who gets land that is drawn around, and who may lose it. */
function Give() {
  const { t } = useTranslation();
  const [{ sel }] = useWorkshopView();
  const { target, from } = useHands();
  const options = useUnitOptions();
  return (
    <>
      <Select
        size="small"
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={t('workshop.target')}
        placeholder={t('workshop.target')}
        getPopupContainer={overlays}
        value={target ?? sel[0]}
        options={[...options, { value: UNCLAIMED, label: t('workshop.nobody') }]}
        onChange={(id) => useHands.setState({ target: id })}
      />
      <Select
        size="small"
        mode="multiple"
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={t('workshop.from')}
        placeholder={t('workshop.from')}
        getPopupContainer={overlays}
        value={[...from]}
        options={options}
        onChange={(ids) => useHands.setState({ from: ids })}
      />
    </>
  );
}

/** Keep chooses the part of a unit that keeps its code when a line cuts it. */
function Keep() {
  const { t } = useTranslation();
  const { keeps } = useHands();
  return (
    <Select
      size="small"
      aria-label={t('workshop.keepsCode')}
      getPopupContainer={overlays}
      value={keeps}
      options={KEEPS.map((value) => ({ value, label: t(`workshop.keep.${value}`) }))}
      onChange={(keeps) => useHands.setState({ keeps })}
    />
  );
}

/** Pick moves land that is picked as a whole: street blocks, compounds, villages, buildings. */
function Pick() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { desk } = useBench();
  const [{ grain, sel }] = useWorkshopView();
  const { target } = useHands();
  const { picked, phase, problem } = useAtoms();
  const options = useUnitOptions();
  const into = target ?? sel[0];
  const run = async () => {
    const op = into === undefined ? null : give(picked.values(), into);
    if (op && (await desk.do(op))) unpick();
  };
  const land = [...picked.values()].reduce((sum, atom) => sum + atom.area_m2, 0);
  return (
    <>
      <Segmented
        size="small"
        aria-label={t('workshop.grain.title')}
        value={grain}
        options={GRAINS.map((value) => ({ value, label: t(`workshop.grain.${value}`) }))}
        onChange={(value) => {
          unpick();
          setWorkshop({ grain: value });
        }}
      />
      <p className="hint" role="status">
        {phase === 'wide' && t('problem.atoms_box')}
        {phase === 'loading' && t('workshop.atomsLoading')}
        {phase === 'ready' && t('workshop.picked', { count: picked.size, area: area(land, language) })}
      </p>
      {phase === 'failed' && <Failed cause={problem} />}
      <Select
        size="small"
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={t('workshop.target')}
        placeholder={t('workshop.target')}
        getPopupContainer={overlays}
        value={into}
        options={[...options, { value: desk.nextId, label: t('workshop.toNew') }]}
        onChange={(id) => useHands.setState({ target: id })}
      />
      <div className="desk-hint-buttons">
        <Button size="small" type="primary" disabled={picked.size === 0 || into === undefined} onClick={run}>
          {t('workshop.givePicked')}
        </Button>
        <Button size="small" disabled={picked.size === 0} onClick={unpick}>
          {t('workshop.unpick')}
        </Button>
      </div>
    </>
  );
}

/** Typed does what a tool does, at places that are typed. */
function Typed({ tool }: { tool: Tool }) {
  const { t } = useTranslation();
  const { desk } = useBench();
  const [{ sel }] = useWorkshopView();
  const { sketch, target, from, keeps } = useHands();
  const [text, setText] = useState(() => writeSketch(sketch));
  const places = parseSketch(text);
  const run = async () => {
    if (!places) return;
    const [first, second] = places;
    if (drawn[tool]) {
      const unit =
        tool === 'transfer' ? (target ?? sel[0] ?? null) : sel.length === 1 ? (sel[0] ?? null) : null;
      const op = sketchOp(tool, places, {
        unit,
        from: tool === 'draw' ? sel : from,
        next: desk.nextId,
        keeps,
      });
      if (op) await desk.do(op);
      else desk.refuse(areaOf(places) || tool === 'split' ? 'unit_first' : 'operation_line');
      return;
    }
    const near = first && (await desk.ask('near', { at: first, reach: 2 }));
    if (!near) return desk.refuse('operation_place', first ?? null);
    const op =
      tool === 'delete'
        ? ({ kind: 'delete_point', at: near.at } as const)
        : second && grips.includes(tool)
          ? gripOp(tool, near, second)
          : null;
    if (op) await desk.do(op);
    else desk.refuse('operation_line', near.at);
  };
  return (
    <form
      className="desk-typed"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <Input.TextArea
        aria-label={t('workshop.places')}
        placeholder={'120.1234567, 30.1234567'}
        rows={4}
        value={text}
        status={places ? undefined : 'error'}
        onChange={(event) => setText(event.target.value)}
      />
      <p className="hint">{t(`workshop.typed.${drawn[tool] ?? (tool === 'delete' ? 'one' : 'two')}`)}</p>
      <Button size="small" htmlType="submit" disabled={!places || places.length === 0}>
        {t('workshop.run')}
      </Button>
    </form>
  );
}
