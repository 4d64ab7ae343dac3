// The legend of the circle, and how the map is coloured: which column, which measure,
// which classes. Every entry turns its layer on and off. The standard and the
// denominator always stand beside the colours.
import { InputNumber, Segmented, Select } from 'antd';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useLevels, useTiers } from '../api/queries';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Swatch } from '../common/swatch';
import { cellResolutions, resolutionAt } from '../map/cells';
import { usedLevels } from '../map/level';
import { tierRadius } from '../map/style';
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { useView } from '../view/url';
import { type Class, FEWEST, METHODS, MOST } from './classes';
import { COMPARED, figure, MEANING, MEASURES, type Measure, readLimits, writeLimits } from './measures';
import { countsHouseholds } from './queries';
import { colours } from './ramp';
import { type Shown, useShown } from './shown';
import { REACH_MINUTES, reachColours, resolutionOf, uncoveredLimits } from './style';
import { CIRCLE_LAYERS, type CircleLayer, SIDES, toggled, useCircleView } from './view';
import { useColumnText, useDifference, useLocale, useNumbers, useStandardText } from './words';

export function Legend() {
  const { t } = useTranslation();
  const { run, view, differs, by } = useShown();
  const done = run?.state === 'done';
  const may = useMay();
  return (
    <>
      <Asked />
      {done && <Colouring />}
      <Layers done={done} />
      {done && (
        <>
          <Layer layer="units">
            <Classes />
          </Layer>
          <Layer layer="uncovered">
            {differs && by === 'share' ? (
              <p className="hint">{t('circle.legend.changedCells')}</p>
            ) : (
              <UncoveredLegend />
            )}
          </Layer>
          {(view.show.includes('reach') || view.show.includes('streets')) && <ReachLegend />}
          <Layer layer="points">
            <TierLegend />
          </Layer>
          {countsHouseholds(run) && may('place') && (
            <Layer layer="households">
              <p className="hint">{t('circle.legend.householdsHint')}</p>
            </Layer>
          )}
        </>
      )}
    </>
  );
}

/** Layers turns what the legend explains on and off. */
function Layers({ done }: { done: boolean }) {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  const { run } = useShown();
  const may = useMay();
  const offered: Partial<Record<CircleLayer, boolean>> = {
    background: true,
    candidates: done && view.siting !== null,
    households: countsHouseholds(run) && may('place'),
  };
  const layers = CIRCLE_LAYERS.filter((layer) => offered[layer] ?? done);
  return (
    <fieldset className="kinds circle-layers">
      <legend className="off-screen">{t('layers.title')}</legend>
      {layers.map((layer) => (
        <button
          key={layer}
          type="button"
          aria-pressed={view.show.includes(layer)}
          onClick={() => setView({ show: toggled(view.show, layer) })}
        >
          {t(`circle.layer.${layer}`)}
        </button>
      ))}
    </fieldset>
  );
}

/** Layer is what the legend says of a layer that is on. */
function Layer({ layer, children }: { layer: CircleLayer; children: ReactNode }) {
  const { t } = useTranslation();
  const [view] = useCircleView();
  if (!view.show.includes(layer)) return null;
  return (
    <section className="circle-layer">
      <h3>{t(`circle.legend.${layer as 'units'}`)}</h3>
      {children}
    </section>
  );
}

/** Asked says what the figures answer: the column, its standard, its date. */
function Asked() {
  const { t } = useTranslation();
  const [, setView] = useCircleView();
  const { run, column, asked } = useShown();
  const text = useColumnText();
  const standard = useStandardText();
  if (!run || !asked) return <p className="soft">{t('circle.legend.noRun')}</p>;
  return (
    <div className="circle-asked">
      {run.params.columns.length > 1 ? (
        <Select
          aria-label={t('circle.legend.column')}
          getPopupContainer={overlays}
          value={column}
          onChange={(next) => setView({ column: next })}
          options={run.params.columns.map((one, index) => ({ value: index, label: text(one) }))}
        />
      ) : (
        <strong>{text(asked)}</strong>
      )}
      <p className="circle-standard figures">{standard(asked.standard)}</p>
      <p className="soft figures">{t('circle.legend.on', { day: run.params.on })}</p>
    </div>
  );
}

/** Colouring is by what units are coloured, at which level, in which classes. */
function Colouring() {
  const { t } = useTranslation();
  const id = useId();
  const title = useTitle();
  const [view, setView] = useCircleView();
  const [, setPage] = useView();
  const { run, level, by, changes, rows } = useShown();
  const levels = usedLevels(useLevels(run?.params.on).data ?? []);
  const asked = (measure: Measure) =>
    !['choices', 'catchment'].includes(measure) || (run?.params.measures ?? []).includes(measure);
  const measures: readonly Measure[] = view.side === 'after' ? MEASURES.filter(asked) : COMPARED;
  return (
    <div className="circle-colouring">
      {changes.length > 0 && (
        <Segmented
          block
          size="small"
          aria-label={t('circle.side.title')}
          value={view.side}
          onChange={(side) => setView({ side })}
          options={SIDES.map((value) => ({ value, label: t(`circle.side.${value}`) }))}
        />
      )}
      <div className="circle-pair">
        <Select
          className="circle-wide"
          aria-label={t('circle.legend.by')}
          size="small"
          getPopupContainer={overlays}
          popupMatchSelectWidth={false}
          value={by}
          onChange={(next) => setView({ by: next, limits: [] })}
          options={measures.map((value) => ({ value, label: t(`circle.measure.${value}`) }))}
        />
        <Select
          aria-label={t('levels.title')}
          size="small"
          getPopupContainer={overlays}
          popupMatchSelectWidth={false}
          value={level}
          onChange={(next) => setPage({ level: next })}
          options={levels.map((one) => ({ value: one.code, label: title(one, one.code) }))}
        />
        <Select
          aria-label={t('circle.legend.method')}
          size="small"
          getPopupContainer={overlays}
          popupMatchSelectWidth={false}
          value={view.method}
          onChange={(method) => setView({ method })}
          options={METHODS.map((value) => ({ value, label: t(`circle.classes.${value}`) }))}
        />
        {view.method === 'manual' ? (
          <Limits key={`${by}/${rows.length}`} id={id} />
        ) : (
          <InputNumber
            className="circle-wide"
            aria-label={t('circle.legend.count')}
            size="small"
            mode="spinner"
            min={FEWEST}
            max={MOST}
            value={view.classes}
            onChange={(classes) => classes && setView({ classes: Math.round(classes) })}
          />
        )}
      </div>
    </div>
  );
}

/** Limits are typed as one reads them: per cent, minutes, households. */
function Limits({ id }: { id: string }) {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  const { by, limits } = useShown();
  const [text, setText] = useState(() => writeLimits(view.limits.length > 0 ? view.limits : limits, by));
  const take = () => setView({ limits: readLimits(text, by) });
  return (
    <input
      id={id}
      className="circle-limits circle-wide figures"
      aria-label={t('circle.legend.limits')}
      placeholder="50, 80, 95"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}

/** useClassText writes the figures that a class holds. */
export function useClassText(): (one: Class, shown: Pick<Shown, 'by' | 'differs' | 'rows'>) => string {
  const locale = useLocale();
  const { t } = useTranslation();
  const difference = useDifference();
  return (one, { by, differs, rows }) => {
    const { kind } = MEANING[by];
    const rounded = rows.some((row) => row.rounded);
    const write = (value: number) =>
      differs ? difference(value, by, rounded) : figure(value, kind, rounded, locale);
    if (one.from === null && one.to === null) return t('circle.legend.all');
    if (one.from === null) return `≤ ${write(one.to ?? 0)}`;
    if (one.to === null) return `≥ ${write(one.from)}`;
    return one.from === one.to ? write(one.from) : `${write(one.from)} – ${write(one.to)}`;
  };
}

/** Classes are the colours of units, with how many units have each, and of whom the figures are shares. */
function Classes() {
  const { t } = useTranslation();
  const shown = useShown();
  const text = useClassText();
  const numbers = useNumbers();
  const palette = usePalette();
  const { classes, colours: ramp, units, by, rows, differs } = shown;
  const without = units.filter((unit) => unit.class === null);
  const households = rows.reduce((sum, row) => sum + row.households, 0);
  const people = rows.reduce((sum, row) => sum + row.people, 0);
  return (
    <>
      <ul className="legend circle-classes">
        {classes.map((one, index) => (
          <li key={`${one.from}`}>
            <Swatch colour={ramp[index] ?? palette.raised} />
            <span className="figures">{text(one, shown)}</span>
            <span className="figures soft">{t('circle.legend.unitCount', { count: one.units })}</span>
          </li>
        ))}
        {without.length > 0 && (
          <li>
            <Swatch colour={palette.raised} />
            <span>
              {t(without.some((unit) => unit.hidden) ? 'circle.legend.hidden' : 'circle.legend.noFigure')}
            </span>
            <span className="figures soft">{t('circle.legend.unitCount', { count: without.length })}</span>
          </li>
        )}
      </ul>
      <p className="hint figures">
        {t(`circle.denominator.${differs ? 'difference' : by}`, {
          households: numbers(households),
          people: numbers(people),
        })}
        {rows.some((row) => row.rounded) && ` ${t('circle.legend.rounded')}`}
      </p>
    </>
  );
}

/** UncoveredLegend states how many households a colour stands for, and how large a cell is. */
function UncoveredLegend() {
  const { t } = useTranslation();
  const { theme } = useTheme();
  const step = useCellStep();
  const limits = uncoveredLimits(step.resolution);
  const ramp = colours('lack', limits.length + 1, theme);
  return (
    <>
      <ol className="ramp">
        {ramp.map((colour, index) => (
          <li key={colour}>
            <svg viewBox="0 0 10 6" preserveAspectRatio="none" aria-hidden="true">
              <rect width="10" height="6" fill={colour} />
            </svg>
            <span className="figures">
              {index === 0 ? `1–${(limits[0] ?? 2) - 1}` : `≥ ${limits[index - 1]}`}
            </span>
          </li>
        ))}
      </ol>
      <p className="hint">
        {t('circle.legend.cells', { resolution: step.resolution, area: step.squareKilometres })}
      </p>
    </>
  );
}

function ReachLegend() {
  const { t } = useTranslation();
  const { theme } = useTheme();
  const { asked } = useShown();
  const last = asked?.standard.minutes ?? 15;
  const used = REACH_MINUTES.filter((_, index) => index === 0 || (REACH_MINUTES[index - 1] ?? 0) < last);
  return (
    <section className="circle-layer">
      <h3>{t('circle.legend.reach')}</h3>
      <ol className="ramp">
        {used.map((minute, index) => (
          <li key={minute}>
            <svg viewBox="0 0 10 6" preserveAspectRatio="none" aria-hidden="true">
              <rect width="10" height="6" fill={reachColours(theme)[index]} />
            </svg>
            <span className="figures">≤ {Math.min(minute, last)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function TierLegend() {
  const tiers = useTiers().data ?? [];
  const title = useTitle();
  const p = usePalette();
  return (
    <ul className="legend">
      {tiers.map((tier) => (
        <li key={tier.code}>
          <svg viewBox="-10 -10 20 20" width="20" height="20" aria-hidden="true">
            <circle r={tierRadius[tier.code] ?? 4} fill={p.tiers[tier.code] ?? p.tiers.other} />
          </svg>
          <span>{title(tier, tier.code)}</span>
        </li>
      ))}
    </ul>
  );
}

/** useCellStep is the size of the cells on the map: by the zoom, and no finer than the reader is shown. */
function useCellStep(): (typeof cellResolutions)[number] {
  const map = usePage((page) => page.map);
  const [step, setStep] = useState(() => resolutionAt(map?.getZoom() ?? 12));
  useEffect(() => {
    if (!map) return;
    const read = () => {
      const layers = ['uncovered-fill'].filter((id) => map.getLayer(id));
      const [cell] = layers.length > 0 ? map.queryRenderedFeatures({ layers }) : [];
      const drawn = resolutionOf(String(cell?.properties.cell ?? ''));
      setStep(cellResolutions.find((one) => one.resolution === drawn) ?? resolutionAt(map.getZoom()));
    };
    read();
    map.on('idle', read);
    return () => {
      map.off('idle', read);
    };
  }, [map]);
  return step;
}
