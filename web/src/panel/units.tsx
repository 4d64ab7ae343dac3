// All units of a level as a table: filter, sort, page, choose. What the map can
// do with a unit can be done from here.
import { CloseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Select, Tag } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { type List, useLevels, useUnit } from '../api/queries';
import type { Unit } from '../api/types';
import { UnitState } from '../card/unit-state';
import { Counted } from '../common/counted';
import { area, useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { asBounds, goToBounds, goToPlace } from '../map/camera';
import { useChosenLevel, usedLevels } from '../map/level';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';
import { useUnitTable } from './unit-table';

/** Most rows the table holds; the search finds the rest. */
const MOST = 5000;
const PAGE = 200;

function useAllUnits(level: string | null, parent: string | null, at: string | null) {
  return useQuery({
    queryKey: ['units', 'all', level, parent, at],
    enabled: level !== null || parent !== null,
    queryFn: async ({ signal }) => {
      const rows: Unit[] = [];
      let cursor: string | undefined;
      do {
        const query = {
          level: parent ? undefined : (level ?? undefined),
          parent: parent ?? undefined,
          at: at ?? undefined,
          limit: PAGE,
          cursor,
        };
        const page = await answer<List<Unit>>(api.GET('/units', { signal, params: { query } }));
        rows.push(...page.items);
        cursor = page.next || undefined;
      } while (cursor && rows.length < MOST);
      return { rows, more: cursor !== undefined };
    },
  });
}

/** filterUnits keeps the units whose name or code contains the text, in the state asked for. */
export function filterUnits(units: readonly Unit[], text: string, state: string | null): Unit[] {
  const wanted = text.trim().toLowerCase();
  return units.filter(
    (unit) =>
      (state === null || unit.state === state) &&
      (wanted === '' || unit.name.toLowerCase().includes(wanted) || unit.code.toLowerCase().includes(wanted)),
  );
}

export default function UnitsPanel() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const level = useChosenLevel();
  const { parent, setParent } = useUnitTable();
  const units = useAllUnits(level, parent, view.at);
  const [text, setText] = useState('');
  const [state, setState] = useState<string | null>(null);
  const language = useLanguage();
  const rows = useMemo(() => filterUnits(units.data?.rows ?? [], text, state), [units.data, text, state]);

  const columns: Column<Unit>[] = [
    {
      key: 'name',
      title: t('units.unit'),
      compare: (a, b) => a.name.localeCompare(b.name, language === 'en' ? 'en' : 'zh-CN'),
      cell: (unit) => (
        <button type="button" className="unit-link" onClick={() => open(unit)}>
          <span>{unit.name}</span>
          <small className="figures">{unit.code}</small>
        </button>
      ),
    },
    {
      key: 'households',
      title: t('units.households'),
      figures: true,
      compare: (a, b) => (a.households ?? -1) - (b.households ?? -1),
      cell: (unit) => <Counted value={unit.households} />,
    },
    {
      key: 'area',
      title: t('units.area'),
      figures: true,
      compare: (a, b) => a.area - b.area,
      cell: (unit) => area(unit.area, language),
    },
    {
      key: 'state',
      title: t('units.state'),
      compare: (a, b) => a.state.localeCompare(b.state),
      cell: (unit) => <UnitState state={unit.state} short />,
    },
  ];

  function open(unit: Unit) {
    setView({ ...nothingSelected, unit: unit.code });
    usePage.setState({ drawer: false });
    const [lon, lat] = unit.label;
    if (lon !== undefined && lat !== undefined) goToPlace([lon, lat], zoomFor(unit.area));
  }

  return (
    <section className="block" aria-label={t('units.title')}>
      <div className="units-filter">
        {parent ? <ParentTag code={parent} onClose={() => setParent(null)} /> : <LevelSelect />}
        <Input
          aria-label={t('units.filter')}
          placeholder={t('units.filter')}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Select
          aria-label={t('units.state')}
          value={state ?? ''}
          onChange={(next) => setState(next || null)}
          options={[
            { value: '', label: t('units.anyState') },
            ...(['complete', 'incomplete', 'invalid', 'undivided'] as const).map((value) => ({
              value,
              label: t(`unitState.${value}`),
            })),
          ]}
        />
      </div>
      {units.isPending && units.fetchStatus !== 'idle' && <Loading rows={8} />}
      {units.isError && <Failed cause={units.error} retry={() => units.refetch()} />}
      {rows.length > 0 && (
        <DataTable<Unit>
          label={t('units.title')}
          columns={columns}
          rows={rows}
          rowKey={(unit) => unit.code}
          isChosen={(unit) => unit.code === view.unit}
          pageSize={25}
        />
      )}
      {units.data && rows.length === 0 && <Nothing title={t('units.none')} />}
      {units.data?.more && <p className="soft">{t('units.more', { count: MOST })}</p>}
      <p className="soft" role="status">
        {t('units.count', { count: rows.length })}
      </p>
    </section>
  );
}

/** zoomFor is a zoom at which an area in square metres fills a good part of the map. */
const zoomFor = (squareMetres: number) =>
  Math.min(17, Math.max(9, 26.3 - Math.log2(Math.max(1, squareMetres)) / 2));

function LevelSelect() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const levels = usedLevels(useLevels(view.at).data ?? []);
  const level = useChosenLevel();
  const title = useTitle();
  return (
    <Select
      aria-label={t('levels.title')}
      value={level ?? undefined}
      onChange={(next) => setView({ level: next })}
      options={levels.map((one) => ({ value: one.code, label: title(one, one.code) }))}
    />
  );
}

function ParentTag({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [view] = useView();
  const parent = useUnit(code, view.at).data;
  const box = asBounds(parent?.bbox);
  return (
    <Tag className="parent-tag" onClick={() => box && goToBounds(box)}>
      {t('units.partsOf', { name: parent?.name ?? code })}
      <Button
        type="text"
        size="small"
        aria-label={t('units.allUnits')}
        icon={<CloseOutlined aria-hidden="true" />}
        onClick={(event) => {
          event.stopPropagation();
          onClose();
        }}
      />
    </Tag>
  );
}
