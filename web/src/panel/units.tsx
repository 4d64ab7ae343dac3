// All units of a level as a table: filter, sort, page, choose. What the map can
// do with a unit can be done from here.
import { CloseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Select, Table, type TableColumnsType, Tag } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { type List, useLevels, useUnit } from '../api/queries';
import type { Unit } from '../api/types';
import { UnitState } from '../card/unit-state';
import { area, count, useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { asBounds, goToBounds, goToPlace } from '../map/camera';
import { useChosenLevel, usedLevels } from '../map/level';
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

  const columns: TableColumnsType<Unit> = [
    {
      title: t('units.unit'),
      key: 'name',
      sorter: (a, b) => a.name.localeCompare(b.name, language === 'en' ? 'en' : 'zh-CN'),
      render: (_, unit) => (
        <button type="button" className="unit-link" onClick={() => open(unit)}>
          <span>{unit.name}</span>
          <small className="figures">{unit.code}</small>
        </button>
      ),
    },
    {
      title: t('units.households'),
      key: 'households',
      align: 'right',
      width: 84,
      sorter: (a, b) => a.households - b.households,
      render: (_, unit) => <span className="figures">{count(unit.households, language)}</span>,
    },
    {
      title: t('units.area'),
      key: 'area',
      align: 'right',
      width: 96,
      sorter: (a, b) => a.area - b.area,
      render: (_, unit) => <span className="figures">{area(unit.area, language)}</span>,
    },
    {
      title: t('units.state'),
      key: 'state',
      width: 88,
      render: (_, unit) => <UnitState state={unit.state} short />,
    },
  ];

  function open(unit: Unit) {
    setView({ ...nothingSelected, unit: unit.code });
    const [lon, lat] = unit.label;
    if (lon !== undefined && lat !== undefined) goToPlace([lon, lat], zoomFor(unit.area));
  }

  return (
    <section className="block" aria-label={t('units.title')}>
      <div className="units-filter">
        {parent ? <ParentTag code={parent} onClose={() => setParent(null)} /> : <LevelSelect />}
        <Input
          allowClear
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
      {!units.isPending && !units.isError && (
        <Table<Unit>
          size="small"
          rowKey="code"
          expandable={{ childrenColumnName: 'no-rows-below' }} // "children" of a unit is a number
          columns={columns}
          dataSource={rows}
          rowClassName={(unit) => (unit.code === view.unit ? 'row-chosen' : '')}
          pagination={{ size: 'small', pageSize: 25, showSizeChanger: false, hideOnSinglePage: true }}
          locale={{ emptyText: <Nothing title={t('units.none')} /> }}
          scroll={{ x: 'max-content' }}
        />
      )}
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
