// The incident ledger: every incident by state, on the map or in a table, and one of
// them beside it with what can be done. Filters and the open incident stand in the address.
import '../admin/admin.css';
import './board.css';
import { CloseOutlined, DownloadOutlined } from '@ant-design/icons';
import { Button, Checkbox, Input, Segmented, Select } from 'antd';
import { lazy, Suspense, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate } from 'react-router';
import { useMay } from '../account/session';
import { useCategories, useSearch, useUnit } from '../api/queries';
import { count, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { useLive } from '../live/use-live';
import { Shell } from '../page/shell';
import { useView } from '../view/url';
import { Columns } from './columns';
import { OneIncident } from './one';
import { IncidentPages } from './pages';
import { ledgerAddress, MOST_EXPORTED, useTallies } from './queries';
import { Table } from './table';
import {
  type Asked,
  asked,
  type Filter,
  noFilter,
  type Shown,
  STATES,
  type State,
  useLedgerOfHistory,
  useLedgerView,
  VIEWS,
} from './view';

const LedgerMap = lazy(() => import('./map'));

/** LedgerPage is for who may see single places; others have the analysis. */
export default function LedgerPage() {
  const may = useMay();
  if (!may('place')) return <Navigate to="/incidents/analysis" replace />;
  return <Ledger />;
}

function Ledger() {
  const { t } = useTranslation();
  const language = useLanguage();
  useLedgerOfHistory();
  useLive();
  const [view, setView] = useLedgerView();
  const [{ unit }, setPage] = useView();
  const { state, category, overdue, mine, from, to } = view;
  const query = useMemo(
    () => asked({ state, category, overdue, mine, from, to }, unit),
    [state, category, overdue, mine, from, to, unit],
  );
  const tallies = useTallies(query);
  const open = (incident: string | null) => setView({ incident });
  const total = tallies.data?.reduce((sum, one) => sum + one.count, 0);
  const late = tallies.data?.reduce((sum, one) => sum + one.overdue, 0) ?? 0;
  return (
    <Shell title={t('board.title')} lead={t('board.lead')} wide>
      <IncidentPages />
      <section className="board-bar" aria-label={t('board.filters')}>
        <Segmented<Shown>
          aria-label={t('board.views')}
          value={view.view}
          onChange={(shown) => setView({ view: shown })}
          options={VIEWS.map((value) => ({ value, label: t(`board.view.${value}`) }))}
        />
        <Filters filter={view} onFilter={setView} unit={unit} onUnit={(code) => setPage({ unit: code })} />
        <div className="board-all">
          <p className="board-sum" role="status">
            {total !== undefined && (
              <span className="figures">
                {t('board.all', { count: total, shown: count(total, language) })}
              </span>
            )}
            {late > 0 && (
              <span className="figures board-late"> · {t('board.overdueOf', { count: late })}</span>
            )}
          </p>
          <ExportButton asked={query} total={total} />
        </div>
      </section>
      {tallies.isError && <Failed cause={tallies.error} retry={() => tallies.refetch()} />}
      {view.view === 'board' ? (
        <Columns asked={query} state={state} tallies={tallies.data} chosen={view.incident} onOpen={open} />
      ) : view.view === 'map' ? (
        <Suspense fallback={<Loading rows={8} />}>
          <LedgerMap asked={query} chosen={view.incident} onOpen={open} />
        </Suspense>
      ) : (
        <Table asked={query} chosen={view.incident} onOpen={open} />
      )}
      {view.view === 'board' && <p className="hint board-keys">{t('board.keys')}</p>}
      <OneIncident id={view.incident} onClose={() => open(null)} onOpen={open} />
    </Shell>
  );
}

/** ExportButton has what matches as a worksheet, for who may take files out and who dispatches. */
function ExportButton({ asked, total }: { asked: Asked; total: number | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  if (!may('export') && !may('dispatch')) return null;
  const many = total !== undefined && total > MOST_EXPORTED;
  const note = many ? t('board.exportMany', { most: count(MOST_EXPORTED, language) }) : undefined;
  return (
    <Button
      href={ledgerAddress(asked, language)}
      download
      disabled={many}
      title={note}
      icon={<DownloadOutlined aria-hidden="true" />}
    >
      {t('board.export')}
    </Button>
  );
}

function Filters(props: {
  filter: Filter;
  onFilter: (change: Partial<Filter>) => void;
  unit: string | null;
  onUnit: (code: string | null) => void;
}) {
  const { t } = useTranslation();
  const title = useTitle();
  const { filter, onFilter } = props;
  const list = useCategories().data ?? [];
  const filtered =
    props.unit !== null ||
    (Object.keys(noFilter) as (keyof Filter)[]).some((name) => filter[name] !== noFilter[name]);
  return (
    <div className="board-filters">
      <Select
        aria-label={t('board.state')}
        getPopupContainer={overlays}
        value={filter.state ?? ('' as const)}
        onChange={(value: State | 'all' | '') => onFilter({ state: value || null })}
        options={[
          { value: '' as const, label: t('board.openStates') },
          { value: 'all' as const, label: t('board.anyState') },
          ...STATES.map((value) => ({ value, label: t(`incidentState.${value}`) })),
        ]}
      />
      <Select
        aria-label={t('board.category')}
        getPopupContainer={overlays}
        value={filter.category ?? ''}
        onChange={(code) => onFilter({ category: code || null })}
        showSearch={{ optionFilterProp: 'label' }}
        options={[
          { value: '', label: t('board.anyCategory') },
          ...list.map((one) => ({
            value: one.code,
            label: `${one.parent ? '· ' : ''}${title(one, one.code)}`,
          })),
        ]}
      />
      <UnitSelect unit={props.unit} onUnit={props.onUnit} />
      <Checkbox checked={filter.overdue} onChange={(event) => onFilter({ overdue: event.target.checked })}>
        {t('board.overdueOnly')}
      </Checkbox>
      <Checkbox checked={filter.mine} onChange={(event) => onFilter({ mine: event.target.checked })}>
        {t('board.mineOnly')}
      </Checkbox>
      <DayInput
        name={t('board.from')}
        day={filter.from}
        max={filter.to}
        onDay={(from) => onFilter({ from })}
      />
      <DayInput name={t('board.to')} day={filter.to} min={filter.from} onDay={(to) => onFilter({ to })} />
      {filtered && (
        <Button
          type="text"
          icon={<CloseOutlined aria-hidden="true" />}
          onClick={() => {
            onFilter(noFilter);
            props.onUnit(null);
          }}
        >
          {t('board.clear')}
        </Button>
      )}
    </div>
  );
}

export function DayInput(props: {
  name: string;
  day: string | null;
  min?: string | null;
  max?: string | null;
  onDay: (day: string | null) => void;
}) {
  const id = useId();
  return (
    <label className="board-days" htmlFor={id}>
      {props.name}
      <Input
        id={id}
        type="date"
        value={props.day ?? ''}
        min={props.min ?? undefined}
        max={props.max ?? undefined}
        onChange={(event) => props.onDay(event.target.value || null)}
      />
    </label>
  );
}

/** UnitSelect finds a unit by its name or code. */
export function UnitSelect(props: { unit: string | null; onUnit: (code: string | null) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const found = useSearch(text.trim());
  const chosen = useUnit(props.unit).data;
  const units = (found.data ?? [])
    .filter((hit) => hit.kind === 'unit')
    .map((hit) => ({ value: String(hit.id), label: `${hit.title} ${hit.id}` }));
  const now = props.unit ? [{ value: props.unit, label: `${chosen?.name ?? ''} ${props.unit}`.trim() }] : [];
  return (
    <Select
      aria-label={t('board.unit')}
      className="board-unit"
      getPopupContainer={overlays}
      allowClear
      value={props.unit ?? undefined}
      placeholder={t('board.anyUnit')}
      showSearch={{ onSearch: setText, filterOption: false }}
      loading={found.isFetching}
      notFoundContent={null}
      onChange={(code: string | undefined) => props.onUnit(code ?? null)}
      options={[...now.filter((one) => !units.some(({ value }) => value === one.value)), ...units]}
    />
  );
}
