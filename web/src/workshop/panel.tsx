// Beside the map: the units, their figures, the rules they break, the journal.
import { AimOutlined, LockOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { area, count, moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { boundsOf, goToBounds, goToPlace } from '../map/camera';
import { useBench, useDesk, useUnitName } from './bench';
import type { Piece } from './engine/types';
import { toggled } from './hands';
import { Rules, Waivers } from './rules';
import { server } from './server';
import type { Fact, Row } from './types';
import { setWorkshop, TABS, type Tab, useWorkshopView } from './view';
import { Waive } from './waive';

const PARTS: Record<Tab, () => React.ReactNode> = {
  units: Units,
  facts: Figures,
  findings: Findings,
  journal: Journal,
};

export function Panel() {
  const { t } = useTranslation();
  const [{ tab }] = useWorkshopView();
  const findings = useFindings();
  const broken = findings.filter((finding) => finding.hard && !finding.waiver).length;
  const Part = PARTS[tab];
  return (
    <>
      <nav className="tabs" aria-label={t('workshop.parts')}>
        {TABS.map((one) => (
          <button
            key={one}
            type="button"
            aria-current={one === tab ? 'page' : undefined}
            onClick={() => setWorkshop({ tab: one })}
          >
            {t(`workshop.tab.${one}`)}
            {one === 'findings' && broken > 0 && <span className="tab-count figures">{broken}</span>}
          </button>
        ))}
      </nav>
      <div className="panel-body desk-body" key={tab}>
        <Part />
      </div>
    </>
  );
}

/** The rows of the draft's level with their land and figures. */
type Unit = { row: Row; piece: Piece | undefined; facts: Fact | undefined };

function useUnits(): Unit[] {
  const rows = useDesk((state) => state.rows);
  const pieces = useDesk((state) => state.pieces);
  const facts = useDesk((state) => state.facts);
  return [...rows.values()]
    .filter((row) => row.role === 'part')
    .map((row) => ({ row, piece: pieces.get(row.id), facts: facts.get(row.id) }));
}

function Units() {
  const { t } = useTranslation();
  const language = useLanguage();
  const name = useUnitName();
  const units = useUnits();
  const [{ sel }] = useWorkshopView();
  const [text, setText] = useState('');
  const shown = units.filter(({ row }) => `${row.name} ${row.code}`.includes(text.trim()));
  const columns: Column<Unit>[] = [
    {
      key: 'chosen',
      title: t('workshop.chosen'),
      cell: ({ row }) => (
        <input
          type="checkbox"
          aria-label={t('workshop.choose', { unit: name(row, row.id) })}
          checked={sel.includes(row.id)}
          onChange={() => setWorkshop({ sel: toggled(sel, row.id) })}
        />
      ),
    },
    {
      key: 'name',
      title: t('units.unit'),
      compare: (a, b) => (a.row.code < b.row.code ? -1 : 1),
      cell: ({ row, piece }) => (
        <button
          type="button"
          className="unit-link"
          onClick={() => {
            setWorkshop({ sel: [row.id] });
            const box = piece?.area && boundsOf(piece.area);
            if (box) goToBounds(box, 17);
          }}
        >
          <span>
            {name(row, row.id)} {row.locked && <LockOutlined aria-label={t('workshop.locked')} />}
          </span>
          <small className="soft figures">{row.code}</small>
        </button>
      ),
    },
    {
      key: 'area',
      title: t('units.area'),
      figures: true,
      compare: (a, b) => (a.piece?.area_m2 ?? 0) - (b.piece?.area_m2 ?? 0),
      cell: ({ piece }) => (piece ? area(piece.area_m2, language) : '–'),
    },
    {
      key: 'households',
      title: t('units.households'),
      figures: true,
      compare: (a, b) => (a.facts?.households ?? -1) - (b.facts?.households ?? -1),
      cell: ({ facts }) => count(facts?.households, language),
    },
  ];
  return (
    <section className="desk-units">
      <Chosen />
      <Input
        allowClear
        size="small"
        aria-label={t('units.filter')}
        placeholder={t('units.filter')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <DataTable
        label={t('workshop.tab.units')}
        columns={columns}
        rows={shown}
        rowKey={({ row }) => String(row.id)}
        isChosen={({ row }) => sel.includes(row.id)}
        pageSize={50}
      />
      <Aboves />
    </section>
  );
}

/** Chosen renames the unit that is chosen, and gives those chosen to another unit above. */
function Chosen() {
  const { t } = useTranslation();
  const { desk } = useBench();
  const [{ sel }] = useWorkshopView();
  const rows = useDesk((state) => state.rows);
  const parents = useParents();
  const chosen = sel.flatMap((id) => rows.get(id) ?? []);
  const [only] = chosen.length === 1 ? chosen : [];
  if (chosen.length === 0) return <p className="hint">{t('workshop.nothingChosen')}</p>;
  const shared = new Set(chosen.map((row) => row.parent));
  return (
    <div className="desk-chosen">
      {only ? (
        <Name key={`${only.id}${only.name}${only.code}`} row={only} />
      ) : (
        <p>{t('workshop.count', { count: chosen.length })}</p>
      )}
      <Button
        size="small"
        onClick={() => void desk.do({ kind: 'number', units: chosen.map((row) => row.id) })}
      >
        {t('workshop.number')}
      </Button>
      {parents.length > 1 && (
        <Select
          size="small"
          aria-label={t('workshop.parent')}
          getPopupContainer={overlays}
          showSearch={{ optionFilterProp: 'label' }}
          placeholder={t('workshop.parent')}
          value={shared.size === 1 ? chosen[0]?.parent || undefined : undefined}
          options={parents.map(({ code, name }) => ({ value: code, label: `${name} ${code}` }))}
          onChange={(parent) => void desk.do({ kind: 'parent', units: chosen.map((row) => row.id), parent })}
        />
      )}
    </div>
  );
}

/** useParents are the units above that units may belong to: those in force, and the new ones. */
function useParents(): { code: string; name: string }[] {
  const parents = useDesk((state) => state.parents);
  const fresh = useNewAbove();
  return [...parents, ...fresh];
}

/** useNewAbove are the units above that the draft makes. */
function useNewAbove(): Row[] {
  const rows = useDesk((state) => state.rows);
  return [...rows.values()].filter((row) => row.role === 'parent');
}

/** Aboves are the new units above: named, and dropped while no unit belongs to them. */
function Aboves() {
  const { t } = useTranslation();
  const { desk } = useBench();
  const rows = useDesk((state) => state.rows);
  const fresh = useNewAbove();
  const tops = useDesk((state) => state.tops);
  if (tops.length === 0 && fresh.length === 0) return null;
  const below = (code: string) =>
    [...rows.values()].filter((row) => row.role === 'part' && row.parent === code).length;
  return (
    <section className="desk-aboves" aria-label={t('workshop.aboves')}>
      <h3>{t('workshop.aboves')}</h3>
      {fresh.map((row) => (
        <div key={row.id}>
          <Name key={`${row.name}${row.code}`} row={row} />
          <div className="desk-hint-buttons">
            <small className="soft">{t('workshop.below', { count: below(row.code) })}</small>
            <Button
              size="small"
              disabled={below(row.code) > 0}
              aria-label={t('workshop.dropOf', { unit: row.name || row.code })}
              onClick={() => void desk.do({ kind: 'drop', units: [row.id] })}
            >
              {t('workshop.drop')}
            </Button>
          </div>
        </div>
      ))}
      {tops.length > 0 && <Above tops={tops} />}
    </section>
  );
}

/** Above makes a new unit above, for units to go to. */
function Above({ tops }: { tops: readonly string[] }) {
  const { t } = useTranslation();
  const { desk } = useBench();
  const [name, setName] = useState<string | null>(null);
  const [code, setCode] = useState('');
  const [top, setTop] = useState(tops[0]);
  if (name === null) {
    return (
      <Button size="small" onClick={() => setName('')}>
        {t('workshop.above')}
      </Button>
    );
  }
  return (
    <form
      className="desk-above"
      onSubmit={(event) => {
        event.preventDefault();
        void desk.do({
          kind: 'above',
          name: name.trim(),
          ...(code.trim() ? { code: code.trim() } : {}),
          ...(tops.length > 1 && top ? { parent: top } : {}),
        });
        setName(null);
        setCode('');
      }}
    >
      <Input
        size="small"
        autoFocus
        maxLength={200}
        aria-label={t('workshop.aboveName')}
        placeholder={t('workshop.aboveName')}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Input
        size="small"
        maxLength={24}
        aria-label={t('workshop.aboveCode')}
        placeholder={t('workshop.aboveCode')}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      {tops.length > 1 && (
        <Select
          size="small"
          aria-label={t('workshop.aboveIn')}
          getPopupContainer={overlays}
          value={top}
          options={tops.map((value) => ({ value, label: value }))}
          onChange={setTop}
        />
      )}
      <div className="desk-hint-buttons">
        <Button size="small" type="primary" htmlType="submit" disabled={!name.trim()}>
          {t('workshop.run')}
        </Button>
        <Button size="small" onClick={() => setName(null)}>
          {t('common.cancel')}
        </Button>
      </div>
    </form>
  );
}

function Name({ row }: { row: Row }) {
  const { t } = useTranslation();
  const { desk } = useBench();
  const [name, setName] = useState(row.name);
  const [code, setCode] = useState(row.code);
  const changed = name.trim() !== row.name || code.trim() !== row.code;
  const save = () =>
    void desk.do({
      kind: 'name',
      units: [row.id],
      ...(name.trim() !== row.name ? { name: name.trim() } : {}),
      ...(code.trim() !== row.code ? { code: code.trim() } : {}),
    });
  return (
    <form
      className="desk-name"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) save();
      }}
    >
      <Input
        size="small"
        aria-label={t('workshop.name')}
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Input
        size="small"
        aria-label={t('workshop.code')}
        maxLength={24}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <Button size="small" htmlType="submit" disabled={!changed}>
        {t('workshop.rename')}
      </Button>
    </form>
  );
}

const MEASURES = ['households', 'people', 'area', 'compactness', 'minutes', 'posts', 'incidents'] as const;
type Measure = (typeof MEASURES)[number];

/** figureOf is a measure of a unit; what the page itself can measure is as it is drawn. */
function figureOf(measure: Measure, fact: Fact | undefined, piece?: Piece): number | null {
  switch (measure) {
    case 'area':
      return piece?.area_m2 ?? fact?.area ?? null;
    case 'compactness':
      return piece?.compactness ?? fact?.compactness ?? null;
    case 'posts':
      return fact ? (fact.posts ?? []).reduce((sum, post) => sum + post.held, 0) : null;
    default:
      return fact?.[measure] ?? null;
  }
}

/** Figures are those of the units that are drawn, else chosen, else touched last, with the difference from the plan in force. */
function Figures() {
  const { t } = useTranslation();
  const name = useUnitName();
  const [{ sel }] = useWorkshopView();
  const touched = useDesk((state) => state.touched);
  const preview = useDesk((state) => state.preview);
  const rows = useDesk((state) => state.rows);
  const pieces = useDesk((state) => state.pieces);
  const drawn = preview?.pieces ?? [];
  const now = new Map([...pieces, ...drawn.map((piece) => [piece.id, piece] as const)]);
  const ids = drawn.length > 0 ? drawn.map((piece) => piece.id) : sel.length > 0 ? sel : touched;
  const shown = ids.filter((id) => id > 0 && now.get(id)?.area).slice(0, 30);
  if (shown.length === 0)
    return <Nothing title={t('workshop.noFigures')}>{t('workshop.nothingChosen')}</Nothing>;
  return (
    <ul className="desk-figures">
      {shown.map((id) => (
        <li key={id}>
          <h3>{name(rows.get(id), id)}</h3>
          <FigureList id={id} piece={now.get(id)} drawn={drawn.some((piece) => piece.id === id)} />
        </li>
      ))}
    </ul>
  );
}

/** FigureList has figures of the server in a faint colour until it has said what they are now. */
function FigureList({ id, piece, drawn }: { id: number; piece: Piece | undefined; drawn: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const judged = useDesk((state) => state.preview?.judged ?? null);
  const known = useDesk((state) => state.facts.get(id));
  const fact = judged?.facts.get(id) ?? known;
  const stale = drawn && !judged;
  const before = useDesk((state) => state.inForce.get(id));
  const write = (measure: Measure, figure: number) => {
    if (measure === 'area') return area(figure, language);
    const digits = measure === 'compactness' ? 2 : measure === 'minutes' ? 1 : 0;
    return figure.toLocaleString(language, { maximumFractionDigits: digits });
  };
  return (
    <dl className="figures-grid">
      {MEASURES.map((measure) => {
        const value = figureOf(measure, fact, piece);
        const was = figureOf(measure, before);
        const by = value !== null && was !== null ? value - was : 0;
        const own = measure === 'area' || measure === 'compactness';
        return (
          <div key={measure}>
            <dt>{t(`workshop.measure.${measure}`)}</dt>
            <dd className={stale && !own ? 'figures soft' : 'figures'}>
              {value === null ? '–' : write(measure, value)}
              {Math.abs(by) > 0.004 && (
                <small className="soft">
                  {' '}
                  {by > 0 ? '+' : '−'}
                  {write(measure, Math.abs(by))}
                </small>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Findings() {
  const { t } = useTranslation();
  const language = useLanguage();
  const findings = useFindings();
  const rows = useDesk((state) => state.rows);
  const name = useUnitName();
  return (
    <>
      <Rules />
      {findings.length === 0 && <Nothing title={t('workshop.noFindings')} />}
      <ul className="faults">
        {findings.slice(0, MOST).map((finding) => (
          <li className="fault" key={`${finding.rule}-${finding.ordinal}-${finding.at.join()}`}>
            <div className="fault-head">
              <span className={finding.hard ? 'severity severity-hard' : 'severity severity-soft'}>
                {t(finding.hard ? 'workshop.hard' : 'workshop.soft')}
              </span>
              <strong>{name(rows.get(finding.ordinal), finding.ordinal)}</strong>
              <Button
                size="small"
                type="text"
                icon={<AimOutlined aria-hidden="true" />}
                aria-label={t('draft.goToFault', { what: finding[language] })}
                onClick={() => {
                  setWorkshop({ sel: [finding.ordinal] });
                  goToPlace(finding.at);
                }}
              >
                {t('draft.goTo')}
              </Button>
            </div>
            <p>{finding[language]}</p>
            <Waive finding={finding} />
          </li>
        ))}
        {findings.length > MOST && <li>{t('common.andMore', { count: findings.length - MOST })}</li>}
      </ul>
      <Waivers />
    </>
  );
}

/** useFindings are the rules that are broken: while something is drawn, those that it would break. */
const useFindings = () => useDesk((state) => state.preview?.judged?.findings ?? state.findings);

/** How many findings are listed. */
const MOST = 200;

function Journal() {
  const { t } = useTranslation();
  const { desk } = useBench();
  const language = useLanguage();
  const plan = useDesk((state) => state.plan?.id ?? 0);
  const changes = useDesk((state) => state.changes);
  const rows = useDesk((state) => state.rows);
  const head = useDesk((state) => state.head);
  const name = useUnitName();
  const steps = useInfiniteQuery({
    queryKey: ['workshop', plan, 'steps', changes],
    queryFn: ({ pageParam }) => server.steps(plan, pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    enabled: plan > 0,
    placeholderData: (before) => before,
  });
  if (steps.isPending) return <Loading />;
  if (steps.isError) return <Failed cause={steps.error} retry={() => steps.refetch()} />;
  const list = steps.data.pages.flatMap((page) => page.items);
  if (list.length === 0) return <Nothing title={t('workshop.noSteps')} />;
  return (
    <>
      <div className="desk-hint-buttons">
        <Button size="small" disabled={head === 0} onClick={() => void desk.undo()}>
          {t('workshop.undo')}
        </Button>
        <Button
          size="small"
          disabled={!list.some((step) => step.state === 'undone')}
          onClick={() => void desk.redo()}
        >
          {t('workshop.redo')}
        </Button>
      </div>
      <ol className="desk-steps" reversed>
        {list.map((step) => (
          <li
            key={step.seq}
            className={`desk-step ${step.state}`}
            aria-current={step.seq === head ? 'step' : undefined}
          >
            <strong>{t(`workshop.step.${step.edit.kind}`)}</strong>{' '}
            <span>
              {step.units
                .filter((id) => id > 0)
                .map((id) => name(rows.get(id), id))
                .slice(0, 4)
                .join(' · ')}
            </span>
            <small className="soft">
              #{step.seq} · {step.actor} · {moment(step.at, language)}
              {step.state === 'undone' && ` · ${t('workshop.undone')}`}
            </small>
          </li>
        ))}
      </ol>
      {steps.hasNextPage && (
        <Button size="small" loading={steps.isFetchingNextPage} onClick={() => steps.fetchNextPage()}>
          {t('workshop.earlier')}
        </Button>
      )}
    </>
  );
}
