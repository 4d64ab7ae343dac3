// Incidents for analysts: where, per household, when, and where they lie together by
// more than chance. The map, the table and the charts choose units for each other.
import '../admin/admin.css';
import './incidents.css';
import { DownloadOutlined, LeftOutlined, RightOutlined } from '@ant-design/icons';
import { Button, Dropdown, Segmented, Select } from 'antd';
import { lazy, type ReactNode, Suspense, useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { today } from '../admin/common';
import { useCategories, useLevels } from '../api/queries';
import { IncidentPages } from '../board/pages';
import { count, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Slide } from '../common/slide';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { chooseLevel, usedLevels } from '../map/level';
import { Shell } from '../page/shell';
import { useView } from '../view/url';
import IncidentMap, { type MapChoice } from './map';
import { ended, lastDay, near, type Period, periodOf, SPANS, type Span, trendOf } from './period';
import {
  type Asked,
  exportAddress,
  type Scope,
  type UnitCount,
  useCategoriesOf,
  useMatrix,
  useTrend,
  useUnits,
} from './queries';
import { shownPeriod, shownResolution, useIncidentsOfHistory, useIncidentView } from './view';

const TrendChart = lazy(() => import('./charts').then((part) => ({ default: part.TrendChart })));
const MatrixChart = lazy(() => import('./charts').then((part) => ({ default: part.MatrixChart })));

export default function IncidentsPage() {
  const { t } = useTranslation();
  const levels = useLevels().data;
  const [now] = useState(() => today(new Date()));
  useIncidentsOfHistory();
  const [view, setView] = useIncidentView();
  const [{ unit, level, at: date }, setPage] = useView();
  const exact = useMay()('place');
  const { span, from, category, shown, measure } = view;
  const choice: MapChoice = {
    shown,
    measure,
    resolution: shownResolution(view.resolution, exact),
    level: chooseLevel(levels ?? [], level),
  };
  const period = useMemo(() => shownPeriod({ span, from }, now), [span, from, now]);
  const asked = useMemo((): Asked => ({ period, category, date }), [period, category, date]);
  const units = useUnits(asked, choice.level);
  const setPeriod = (next: Period) => setView({ span: next.span, from: next.from });
  const setUnit = (code: string | null) => setPage({ unit: code });
  const toggle = (code: string) => setUnit(unit === code ? null : code);
  return (
    <Shell title={t('incidents.title')} lead={t('incidents.lead')} wide>
      <IncidentPages />
      <div className="incidents">
        <section className="incidents-bar" aria-label={t('incidents.choose')}>
          <PeriodChoice period={period} onChange={setPeriod} today={now} />
          <Filters
            category={category}
            onCategory={(code) => setView({ category: code })}
            level={choice.level}
            onLevel={(code) => setPage({ level: code })}
            date={date}
            onDate={(day) => setPage({ at: day })}
          />
          <Exports asked={asked} choice={choice} today={now} />
        </section>
        {units.data && <Coverage scope={units.data} />}
        <IncidentMap asked={asked} choice={choice} setChoice={setView} unit={unit} onChoose={toggle} />
        <section className="incidents-units" aria-label={t('incidents.shown.units')}>
          {units.isError ? (
            <Failed cause={units.error} retry={() => units.refetch()} />
          ) : units.data ? (
            <UnitTable rows={units.data.items} sample={units.data.sample} chosen={unit} onChoose={toggle} />
          ) : (
            <Loading />
          )}
        </section>
        <Times
          asked={asked}
          unit={unit}
          name={units.data?.items.find((one) => one.unit === unit)?.name ?? null}
          today={now}
          onPeriod={setPeriod}
          onAll={() => setUnit(null)}
        />
      </div>
    </Shell>
  );
}

/** How long the slider rests before the period is asked for, in milliseconds: nobody asks for those it passes. */
const REST = 200;

/** PeriodChoice chooses one part of the calendar that is over: a slider, and buttons for the next and the last. */
function PeriodChoice(props: { period: Period; onChange: (period: Period) => void; today: string }) {
  const { t } = useTranslation();
  const { period, onChange } = props;
  const all = useMemo(() => ended(period.span, props.today), [period.span, props.today]);
  const at = Math.max(
    0,
    all.findIndex(({ from }) => from === period.from),
  );
  const [sliding, setSliding] = useState<number | null>(null);
  const choose = (next: Period) => {
    setSliding(null);
    onChange(next);
  };
  const go = (index: number) => choose(all[index] ?? period);
  const rest = useEffectEvent(go);
  useEffect(() => {
    if (sliding === null) return;
    const timer = setTimeout(() => rest(sliding), REST);
    return () => clearTimeout(timer);
  }, [sliding]);
  const shown = all[sliding ?? at] ?? period;
  const said = `${shown.from} – ${lastDay(shown.to)}`;
  return (
    <div className="incidents-period">
      <Segmented<Span>
        aria-label={t('incidents.span.title')}
        value={period.span}
        onChange={(span) => choose(near(span, period, props.today))}
        options={SPANS.map((value) => ({ value, label: t(`incidents.span.${value}`) }))}
      />
      <div className="incidents-slide">
        <Button
          aria-label={t('common.previous')}
          icon={<LeftOutlined aria-hidden="true" />}
          disabled={at === 0}
          onClick={() => go(at - 1)}
        />
        <Slide
          label={t('incidents.period')}
          said={said}
          max={all.length - 1}
          value={sliding ?? at}
          onChange={setSliding}
        />
        <Button
          aria-label={t('common.next')}
          icon={<RightOutlined aria-hidden="true" />}
          disabled={at === all.length - 1}
          onClick={() => go(at + 1)}
        />
        <output className="figures">{said}</output>
      </div>
    </div>
  );
}

function Filters(props: {
  category: string | null;
  onCategory: (code: string | null) => void;
  level: string | null;
  onLevel: (level: string) => void;
  date: string | null;
  onDate: (date: string | null) => void;
}) {
  const { t } = useTranslation();
  const title = useTitle();
  const fine = useMay()('place');
  const levels = usedLevels(useLevels(props.date).data ?? []);
  const list = useCategories().data ?? [];
  return (
    <div className="incidents-filters">
      <Select
        aria-label={t('incidents.category')}
        getPopupContainer={overlays}
        value={props.category ?? ''}
        onChange={(code) => props.onCategory(code || null)}
        showSearch={{ optionFilterProp: 'label' }}
        options={[
          { value: '', label: t('incidents.allCategories') },
          ...list
            .filter(({ parent }) => fine || !parent)
            .map((one) => ({ value: one.code, label: `${one.parent ? '· ' : ''}${title(one, one.code)}` })),
        ]}
      />
      <Select
        aria-label={t('levels.title')}
        getPopupContainer={overlays}
        value={props.level}
        onChange={props.onLevel}
        options={levels.map((level) => ({ value: level.code, label: title(level, level.code) }))}
      />
      <label className="incidents-date">
        {t('incidents.date')}
        <input
          type="date"
          value={props.date ?? ''}
          onChange={(event) => props.onDate(event.target.value || null)}
        />
      </label>
    </div>
  );
}

/** Coverage says what is counted and how exactly. */
function Coverage({ scope }: { scope: Scope }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const all = scope.incidents === null ? t('incidents.hidden') : count(scope.incidents, language);
  return (
    <p className="incidents-scope" role="status">
      <strong className="figures">{t('incidents.all', { all })}</strong>{' '}
      {scope.exact ? t('incidents.exact') : t('incidents.rounded', { step: scope.step, off: scope.step - 1 })}{' '}
      {!scope.enough && t('incidents.few', { sample: scope.sample })}
    </p>
  );
}

function UnitTable(props: {
  rows: readonly UnitCount[];
  sample: number;
  chosen: string | null;
  onChoose: (unit: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = (n: number | null) => (n === null ? '–' : count(n, language));
  const by = (value: (row: UnitCount) => number | null | undefined) => (a: UnitCount, b: UnitCount) =>
    (value(a) ?? -1) - (value(b) ?? -1);
  const columns: Column<UnitCount>[] = [
    {
      key: 'name',
      title: t('incidents.column.name'),
      compare: (a, b) => a.name.localeCompare(b.name, language),
      cell: (row) => (
        <Button
          type="link"
          size="small"
          aria-pressed={row.unit === props.chosen}
          onClick={() => props.onChoose(row.unit)}
        >
          {row.name}
        </Button>
      ),
    },
    {
      key: 'rank',
      title: t('incidents.column.rank'),
      figures: true,
      compare: by((r) => r.rank),
      cell: (r) => number(r.rank),
    },
    {
      key: 'incidents',
      title: t('incidents.column.incidents'),
      figures: true,
      compare: by((r) => r.incidents),
      cell: (r) => number(r.incidents),
    },
    {
      key: 'households',
      title: t('incidents.column.households'),
      figures: true,
      compare: by((r) => r.households),
      cell: (r) => number(r.households),
    },
    {
      key: 'rate',
      title: t('incidents.column.rate'),
      figures: true,
      compare: by((r) => r.rate?.value),
      cell: (r) =>
        r.rate ? (
          <>
            {r.rate.value} <span className="soft">({`${r.rate.low}–${r.rate.high}`})</span>
          </>
        ) : (
          '–'
        ),
    },
    {
      key: 'median',
      title: t('incidents.column.median'),
      figures: true,
      compare: by((r) => r.median_days),
      cell: (r) => r.median_days ?? '–',
    },
  ];
  if (props.rows.length === 0) return <Nothing title={t('incidents.noUnits')} />;
  return (
    <>
      <DataTable
        label={t('incidents.shown.units')}
        columns={columns}
        rows={props.rows}
        rowKey={(row) => row.unit}
        isChosen={(row) => row.unit === props.chosen}
        pageSize={12}
      />
      <p className="hint">{t('incidents.tableHint', { sample: props.sample })}</p>
    </>
  );
}

/** Times are the trend, the hours and the categories: of the chosen unit, or of all. */
function Times(props: {
  asked: Asked;
  unit: string | null;
  name: string | null;
  today: string;
  onPeriod: (period: Period) => void;
  onAll: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const { asked, unit } = props;
  const range = useMemo(() => trendOf(asked.period, props.today), [asked.period, props.today]);
  const trend = useTrend(asked, range, range.by, unit);
  const matrix = useMatrix(asked, unit);
  const categories = useCategoriesOf(asked, unit);
  return (
    <section className="incidents-times" aria-label={t('incidents.times')}>
      <h2>
        {unit ? (props.name ?? unit) : t('incidents.everywhere')}{' '}
        {unit && (
          <Button size="small" type="link" onClick={props.onAll}>
            {t('incidents.showAll')}
          </Button>
        )}
      </h2>
      <figure>
        <figcaption>{t(`incidents.trend.${range.by}`)}</figcaption>
        <Part of={trend}>
          {(data) => (
            <TrendChart
              trend={data}
              chosen={asked.period}
              onChoose={(from) => props.onPeriod(periodOf(range.by, from))}
            />
          )}
        </Part>
      </figure>
      <figure>
        <figcaption>{t('incidents.matrix')}</figcaption>
        <Part of={matrix}>
          {(data) =>
            data.enough ? (
              <MatrixChart matrix={data} />
            ) : (
              <Nothing title={t('incidents.notEnough')}>
                {t('incidents.few', { sample: data.sample })}
              </Nothing>
            )
          }
        </Part>
      </figure>
      <figure>
        <figcaption>{t('incidents.byCategory')}</figcaption>
        <Part of={categories}>
          {(data) =>
            data.categories.length === 0 ? (
              <Nothing title={t('incidents.noCounts')} />
            ) : (
              <table className="incidents-categories">
                <thead>
                  <tr>
                    <th scope="col">{t('incidents.category')}</th>
                    <th scope="col">{t('incidents.column.incidents')}</th>
                    <th scope="col">{t('incidents.column.median')}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...data.categories]
                    .sort((a, b) => (b.incidents ?? 0) - (a.incidents ?? 0))
                    .map((one) => (
                      <tr key={one.category}>
                        <td>{title(one, one.category || t('incidents.otherWords'))}</td>
                        <td className="figures">{count(one.incidents, language)}</td>
                        <td className="figures">{one.median_days ?? '–'}</td>
                      </tr>
                    ))}
                </tbody>
              </table>
            )
          }
        </Part>
      </figure>
    </section>
  );
}

type Asking<T> = { data: T | undefined; isError: boolean; error: unknown; refetch: () => unknown };

function Part<T>({ of, children }: { of: Asking<T>; children: (data: T) => ReactNode }) {
  if (of.isError) return <Failed cause={of.error} retry={() => of.refetch()} />;
  if (of.data === undefined) return <Loading />;
  return <Suspense fallback={<Loading />}>{children(of.data)}</Suspense>;
}

/** Exports offers what is shown as tables. */
function Exports({ asked, choice, today }: { asked: Asked; choice: MapChoice; today: string }) {
  const { t } = useTranslation();
  const may = useMay();
  if (!may('export')) return null;
  const range = trendOf(asked.period, today);
  const addresses = {
    units: exportAddress('units', asked, { level: choice.level ?? '' }),
    cells: exportAddress('cells', asked, { resolution: choice.resolution }),
    trend: exportAddress('trend', asked, range),
    matrix: exportAddress('matrix', asked, {}),
    hotspots: exportAddress('hotspots', asked, { resolution: choice.resolution, measure: choice.measure }),
  };
  return (
    <Dropdown
      getPopupContainer={overlays}
      trigger={['click']}
      menu={{
        items: Object.entries(addresses).map(([what, address]) => ({
          key: what,
          label: (
            <a href={address} download>
              {t(`incidents.file.${what as keyof typeof addresses}`)}
            </a>
          ),
        })),
      }}
    >
      <Button icon={<DownloadOutlined aria-hidden="true" />}>{t('incidents.export')}</Button>
    </Dropdown>
  );
}
