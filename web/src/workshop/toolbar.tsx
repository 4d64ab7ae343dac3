// The tools, with their keys; what the tool in hand waits for; and places typed instead of
// pressed.
import {
  AimOutlined,
  BorderOuterOutlined,
  DeleteOutlined,
  DragOutlined,
  EditOutlined,
  ExpandOutlined,
  LockOutlined,
  MergeCellsOutlined,
  PlusCircleOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  ScissorOutlined,
  SelectOutlined,
  SplitCellsOutlined,
  SwapOutlined,
  UndoOutlined,
} from '@ant-design/icons';
import { Button, Input, Select, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../common/format';
import { useShortcuts } from '../common/keys';
import { overlays } from '../common/overlays';
import { boundsOf, goToBounds } from '../map/camera';
import { useBench, useDesk, useReason, useUnitName } from './bench';
import { useHands } from './hands';
import { areaOf, drawn, gripOp, grips, parseSketch, sketchOp, writeSketch } from './sketch';
import { setWorkshop, TOOLS, type Tool, useWorkshopView } from './view';

export const KEYS: Record<Tool, string> = {
  select: 'V',
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
        if (sketch.length > 0 || hold) hands.current?.cancel();
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
        name={t('workshop.force')}
        icon={<BorderOuterOutlined aria-hidden="true" />}
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
  const [{ tool, sel }] = useWorkshopView();
  const { sketch, hold, target } = useHands();
  const rows = useDesk((state) => state.rows);
  const refused = useDesk((state) => state.preview?.refused ?? state.notice);
  const reason = useReason();
  const language = useLanguage();
  const name = useUnitName();
  const [typing, setTyping] = useState(false);
  const options = [...rows.values()]
    .filter((row) => row.role === 'part')
    .map((row) => ({ value: row.id, label: name(row, row.id) }));
  return (
    <section className="desk-hint" aria-label={t('workshop.tool.title')}>
      {refused && (
        <p className="desk-refused" role="alert">
          {reason(refused)}
          {refused.detail && language === 'en' && <small> {refused.detail}</small>}
        </p>
      )}
      <p>
        <strong>{t(`workshop.tool.${tool}`)}</strong> {t(`workshop.does.${tool}`)}
      </p>
      {tool === 'transfer' && (
        <Select
          size="small"
          showSearch={{ optionFilterProp: 'label' }}
          aria-label={t('workshop.target')}
          placeholder={t('workshop.target')}
          getPopupContainer={overlays}
          value={target ?? sel[0]}
          options={options}
          onChange={(id) => useHands.setState({ target: id })}
        />
      )}
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
        {tool !== 'select' && (
          <Button size="small" type="link" aria-expanded={typing} onClick={() => setTyping(!typing)}>
            {t('workshop.type')}
          </Button>
        )}
      </div>
      {typing && tool !== 'select' && <Typed key={tool} tool={tool} />}
    </section>
  );
}

/** Typed does what a tool does, at places that are typed. */
function Typed({ tool }: { tool: Tool }) {
  const { t } = useTranslation();
  const { desk } = useBench();
  const [{ sel }] = useWorkshopView();
  const { sketch, target } = useHands();
  const [text, setText] = useState(() => writeSketch(sketch));
  const places = parseSketch(text);
  const run = async () => {
    if (!places) return;
    const [first, second] = places;
    if (drawn[tool]) {
      const unit =
        tool === 'transfer' ? (target ?? sel[0] ?? null) : sel.length === 1 ? (sel[0] ?? null) : null;
      const op = sketchOp(tool, places, { unit, from: tool === 'draw' ? sel : [], next: desk.nextId });
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
