// What the map shows: level, layers with their legends, date.
import { Button, Segmented, Switch } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useLevels, useStatus, useTiers } from '../api/queries';
import { count, useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { cellClasses, resolutionAt } from '../map/cells';
import { useChosenLevel, usedLevels } from '../map/level';
import { tierRadius } from '../map/style';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';
import { usePage } from '../view/store';
import { type CellMeasure, type Layer, useView } from '../view/url';

export default function LayersPanel() {
  return (
    <>
      <Levels />
      <AsOf />
      <Layers />
    </>
  );
}

function Levels() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const levels = useLevels(view.at);
  const chosen = useChosenLevel();
  const title = useTitle();
  const language = useLanguage();
  if (levels.isPending) return <Loading rows={3} />;
  if (levels.isError) return <Failed cause={levels.error} retry={() => levels.refetch()} />;
  const used = usedLevels(levels.data);
  if (used.length === 0) return <Nothing title={t('levels.none')}>{t('levels.noneHint')}</Nothing>;
  const depth = used.findIndex((level) => level.code === chosen);
  return (
    <fieldset className="block ladder">
      <legend>{t('levels.title')}</legend>
      {used.map((level, index) => (
        <label key={level.code} className={rung(index, depth)}>
          <input
            type="radio"
            name="level"
            value={level.code}
            checked={level.code === chosen}
            onChange={() => setView({ level: level.code })}
          />
          <span className="rung-line" aria-hidden="true" />
          <span className="rung-name">{title(level, level.code)}</span>
          <span className="figures rung-count">{count(level.units, language)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** rung says how a level is drawn on the map: strongly, thinner above it, not below it. */
const rung = (index: number, chosen: number) =>
  `rung ${index === chosen ? 'rung-chosen' : index < chosen ? 'rung-above' : 'rung-below'}`;

/** AsOf chooses the day that units, search and tiles are shown for. */
function AsOf() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const today = useStatus().data?.today;
  return (
    <div className="block as-of">
      <label htmlFor="as-of">{t('asOf.title')}</label>
      <input
        id="as-of"
        type="date"
        value={view.at ?? today ?? ''}
        onChange={(event) =>
          setView({ at: event.target.value && event.target.value !== today ? event.target.value : null })
        }
      />
      {view.at ? (
        <Button size="small" onClick={() => setView({ at: null })}>
          {t('asOf.today')}
        </Button>
      ) : (
        <span className="soft">{t('asOf.isToday')}</span>
      )}
    </div>
  );
}

function Layers() {
  const { t } = useTranslation();
  const may = useMay();
  const status = useStatus().data;
  const language = useLanguage();
  const n = (value: number | null | undefined) => (value === undefined ? '' : count(value, language));
  return (
    <section className="block" aria-labelledby="layers-title">
      <h2 id="layers-title">{t('layers.title')}</h2>
      {may('place') && (
        <>
          <LayerRow layer="household" figure={n(status?.counts.households)} legend={<HouseholdLegend />} />
          <LayerRow layer="incident" figure={n(status?.counts.incidents)} legend={<IncidentLegend />} />
        </>
      )}
      <LayerRow layer="service-point" figure={n(status?.counts.service_points)} legend={<TierLegend />} />
      {(may('place') || may('count')) && <LayerRow layer="cell" legend={<CellLegend />} />}
      <LayerRow layer="zone" legend={<ZoneLegend />} />
      <LayerRow layer="background" figure="" />
    </section>
  );
}

function LayerRow({ layer, figure, legend }: { layer: Layer; figure?: string; legend?: ReactNode }) {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const on = view.layers.includes(layer);
  const name = t(`layers.${layer}`);
  const toggle = () =>
    setView({ layers: on ? view.layers.filter((other) => other !== layer) : [...view.layers, layer] });
  return (
    <div className="layer">
      <div className="layer-row">
        <label htmlFor={`layer-${layer}`}>{name}</label>
        {figure && <span className="figures soft">{figure}</span>}
        <Switch id={`layer-${layer}`} size="small" checked={on} onChange={toggle} aria-label={name} />
      </div>
      {on && legend}
    </div>
  );
}

function Dot(props: { fill: string; stroke?: string; radius?: number; opacity?: number }) {
  const { fill, stroke = 'transparent', radius = 5, opacity = 1 } = props;
  return (
    <svg viewBox="-10 -10 20 20" width="20" height="20" aria-hidden="true">
      <circle r={radius} fill={fill} stroke={stroke} strokeWidth="1.5" opacity={opacity} />
    </svg>
  );
}

function Legend({ rows }: { rows: [ReactNode, string][] }) {
  return (
    <ul className="legend">
      {rows.map(([swatch, text]) => (
        <li key={text}>
          {swatch}
          <span>{text}</span>
        </li>
      ))}
    </ul>
  );
}

function HouseholdLegend() {
  const { t } = useTranslation();
  const p = usePalette();
  return (
    <Legend
      rows={[
        [<Dot key="o" fill={p.household} />, t('legend.occupied')],
        [<Dot key="v" fill={p.casing} stroke={p.vacant} />, t('legend.vacant')],
      ]}
    />
  );
}

function IncidentLegend() {
  const { t } = useTranslation();
  const p = usePalette();
  return (
    <Legend
      rows={[
        [<Dot key="o" fill={p.incident} />, t('legend.open')],
        [<Dot key="c" fill={p.incidentClosed} opacity={0.6} />, t('legend.closed')],
      ]}
    />
  );
}

function TierLegend() {
  const tiers = useTiers().data ?? [];
  const title = useTitle();
  const p = usePalette();
  return (
    <Legend
      rows={tiers.map((tier) => [
        <Dot key={tier.code} fill={tierColour(p, tier.code)} radius={tierRadius[tier.code] ?? 4} />,
        title(tier, tier.code),
      ])}
    />
  );
}

const tierColour = (p: Palette, tier: string) => p.tiers[tier] ?? p.tiers.other ?? p.inkFaint;

function ZoneLegend() {
  const { t } = useTranslation();
  const p = usePalette();
  const swatch = (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <rect
        x="2"
        y="4"
        width="16"
        height="12"
        fill={p.zone}
        fillOpacity="0.15"
        stroke={p.zone}
        strokeDasharray="3 2"
      />
    </svg>
  );
  return <Legend rows={[[swatch, t('legend.zone')]]} />;
}

/** CellLegend states measure, classes, resolution and the size of a cell. */
function CellLegend() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const p = usePalette();
  const step = resolutionAt(useZoom());
  const classes = cellClasses(view.cells, step.resolution);
  return (
    <div className="cell-legend">
      <Segmented<CellMeasure>
        size="small"
        block
        aria-label={t('legend.measure')}
        value={view.cells}
        onChange={(cells) => setView({ cells })}
        options={[
          { value: 'households', label: t('legend.perCell.households') },
          { value: 'incidents', label: t('legend.perCell.incidents') },
        ]}
      />
      <ol className="ramp">
        {classes.map(({ from, to }, index) => (
          <li key={from}>
            <svg viewBox="0 0 10 6" preserveAspectRatio="none" aria-hidden="true">
              <rect width="10" height="6" fill={p.cells[index]} />
            </svg>
            <span className="figures">
              {to === null ? `≥ ${from}` : from === to ? `${from}` : `${from}–${to}`}
            </span>
          </li>
        ))}
      </ol>
      <p className="soft">
        {t('legend.cellNote', { resolution: step.resolution, area: step.squareKilometres })}
      </p>
    </div>
  );
}

function useZoom(): number {
  const map = usePage((page) => page.map);
  const [zoom, setZoom] = useState(() => map?.getZoom() ?? 12);
  useEffect(() => {
    if (!map) return;
    const read = () => setZoom(map.getZoom());
    read();
    map.on('zoomend', read);
    return () => {
      map.off('zoomend', read);
    };
  }, [map]);
  return zoom;
}
