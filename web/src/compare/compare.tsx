// Two divisions of a unit side by side: the plan in force on a day, or a draft. Two
// maps behind a divider or beside each other, or the land that changes hands; tables
// that choose changes with the map.
import './compare.css';
import { DownloadOutlined } from '@ant-design/icons';
import { Button, Popover } from 'antd';
import { lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useStatus } from '../api/queries';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { Shell } from '../page/shell';
import { Choose } from './choose';
import { type Asked, exportAddress, type Format, useAsked, useComparison, type What } from './queries';
import { Impact, Statistics, usePeriod } from './reports';
import { Changes, Households, Units, Workers } from './tables';
import type { Comparison } from './types';
import { DOCKS, type Dock, useCompareOfHistory, useCompareView } from './view';
import { KindMark, useFigures } from './words';

const CompareMap = lazy(() => import('./map'));

export default function ComparePage() {
  const { t } = useTranslation();
  useCompareOfHistory();
  const status = useStatus();
  const asked = useAsked();
  const whole = useComparison(asked);
  return (
    <Shell title={t('compare.title')} full>
      <div className="compare">
        <Choose />
        <div className="compare-map">
          {status.data ? (
            <Suspense fallback={<div className="map" />}>
              <CompareMap />
            </Suspense>
          ) : (
            <div className="map" />
          )}
          {whole.data && <Legend whole={whole.data} />}
        </div>
        <section className="compare-dock" aria-label={t('compare.figures')}>
          <div className="compare-dock-head">
            <DockTabs />
            {whole.data && asked && <Exports asked={asked} />}
          </div>
          <Body asked={asked} whole={whole} />
        </section>
      </div>
    </Shell>
  );
}

/** Legend says what the colours mean, and how much of each there is. */
function Legend({ whole }: { whole: Comparison }) {
  const { t } = useTranslation();
  const { whole: count, land } = useFigures();
  const kinds = whole.kinds ?? [];
  return (
    <section className="compare-legend" aria-label={t('compare.legend')}>
      {kinds.length === 0 && <p>{t('compare.same')}</p>}
      <ul>
        {kinds.map(({ kind, changes }) => (
          <li key={kind}>
            <KindMark kind={kind} /> <span className="figures">{count(changes)}</span>
          </li>
        ))}
      </ul>
      <p className="figures">{t('compare.unchanged', { count: whole.unchanged })}</p>
      <p className="figures">{t('compare.changesHands', { area: land(whole.area) })}</p>
      {whole.households.moved !== null && (
        <p className="figures">{t('compare.movesGrid', { households: count(whole.households.moved) })}</p>
      )}
    </section>
  );
}

function DockTabs() {
  const { t } = useTranslation();
  const [view, setView] = useCompareView();
  return (
    <nav className="tabs" aria-label={t('compare.figures')}>
      {DOCKS.map((dock) => (
        <button
          key={dock}
          type="button"
          aria-current={dock === view.dock ? 'page' : undefined}
          onClick={() => setView({ dock })}
        >
          {t(`compare.dock.${dock}`)}
        </button>
      ))}
    </nav>
  );
}

const TABLES: Record<Dock, (props: { whole: Comparison }) => ReactNode> = {
  changes: Changes,
  units: Units,
  households: Households,
  workers: Workers,
  impact: Impact,
  statistics: Statistics,
};

function Body({ asked, whole }: { asked: Asked | null; whole: ReturnType<typeof useComparison> }) {
  const { t } = useTranslation();
  const [view] = useCompareView();
  const Table = TABLES[view.dock];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="compare-body" tabIndex={0} aria-label={t(`compare.dock.${view.dock}`)}>
      {asked === null ? (
        <Nothing title={t('compare.nothing')}>{t('compare.nothingHint')}</Nothing>
      ) : whole.isError ? (
        <Failed cause={whole.error} retry={() => whole.refetch()} />
      ) : whole.data ? (
        <Table whole={whole.data} />
      ) : (
        <Loading />
      )}
    </section>
  );
}

const WHATS: readonly What[] = ['changes', 'pairs', 'units', 'duties', 'difference', 'impact', 'statistics'];
const FORMATS: readonly Format[] = ['csv', 'xlsx', 'geojson'];

/** formatsOf are the formats of a table; only the difference has places. */
export const formatsOf = (what: What): readonly Format[] =>
  FORMATS.filter((format) => format !== 'geojson' || what === 'difference');

function Exports({ asked }: { asked: Asked }) {
  const { t } = useTranslation();
  const may = useMay();
  const { from, to } = usePeriod();
  if (!may('export')) return null;
  const offered = WHATS.filter((what) => what !== 'statistics' || (may('place') && from < to));
  return (
    <Popover
      trigger="click"
      placement="topRight"
      getPopupContainer={overlays}
      content={
        <ul className="exports compare-exports">
          {offered.map((what) => (
            <li key={what}>
              <span>{t(`compare.file.${what}`)}</span>
              {formatsOf(what).map((format) => (
                <a
                  key={format}
                  href={exportAddress(asked, what, format, from, to)}
                  download
                  aria-label={t('data.exportAs', { what: t(`compare.file.${what}`), format: NAMES[format] })}
                >
                  {NAMES[format]}
                </a>
              ))}
            </li>
          ))}
        </ul>
      }
    >
      <Button size="small" icon={<DownloadOutlined aria-hidden="true" />}>
        {t('compare.export')}
      </Button>
    </Popover>
  );
}

const NAMES: Record<Format, string> = { csv: 'CSV', xlsx: 'XLSX', geojson: 'GeoJSON' };
