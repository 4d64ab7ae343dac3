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
import { useChoice } from './choice';
import { type Class, FEWEST, METHODS, MOST } from './classes';
import { COMPARED, figure, MEANING, MEASURES, type Measure, readLimits, writeLimits } from './measures';
import { countsHouseholds } from './queries';
import { colours } from './ramp';
import { useReach } from './reach/questions';
import { type Shown, useShown } from './shown';
import { REACH_MINUTES, reachColours, resolutionOf, STREETS_FROM, uncoveredLimits } from './style';
import { CIRCLE_LAYERS, type CircleLayer, SIDES, toggled, useCircleView } from './view';
import {
  useColumnText,
  useCounted,
  useDifference,
  useLocale,
  useMeasureName,
  useNumbers,
  useStandardText,
} from './words';

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
      {view.tab === 'reach' && <ReachedLegend />}
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
          {countsHouseholds(run) && may('place') && (
            <Layer layer="households">
              <p className="hint">{t('circle.legend.householdsHint')}</p>
            </Layer>
          )}
        </>
      )}
      <Layer layer="points">
        <TierLegend />
      </Layer>
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
    points: true,
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
  const counted = useCounted();
  const [view] = useCircleView();
  if (!view.show.includes(layer)) return null;
  return (
    <section className="circle-layer">
      <h3>{counted(`circle.legend.${layer as 'units'}`)}</h3>
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
  const { run, level, by, method, changes, rows, doubled } = useShown();
  const name = useMeasureName();
  const levels = usedLevels(useLevels(run?.params.on).data ?? []);
  const asked = (measure: Measure) =>
    !['choices', 'catchment'].includes(measure) || (run?.params.measures ?? []).includes(measure);
  const known: readonly Measure[] = view.side === 'after' ? MEASURES.filter(asked) : COMPARED;
  const measures = known.filter((measure) => !doubled || measure !== 'share_people');
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
          options={measures.map((value) => ({ value, label: name(value) }))}
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
          value={method}
          onChange={(next) => setView({ method: next })}
          options={METHODS.map((value) => ({ value, label: t(`circle.classes.${value}`) }))}
        />
        {method === 'manual' ? (
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
    // No figure lies beyond the ends of its scale, only differences do.
    if (one.from === null) return one.to === 0 && !differs ? write(0) : `≤ ${write(one.to ?? 0)}`;
    if (one.to === null)
      return one.from === 1 && kind === 'share' && !differs ? write(1) : `≥ ${write(one.from)}`;
    return one.from === one.to ? write(one.from) : `${write(one.from)} – ${write(one.to)}`;
  };
}

/** Classes are the colours of units, with how many units have each, and of whom the figures are shares. */
function Classes() {
  const { t } = useTranslation();
  const shown = useShown();
  const text = useClassText();
  const counted = useCounted();
  const palette = usePalette();
  const { classes, colours: ramp, units, rows } = shown;
  const without = units.filter((unit) => unit.class === null);
  return (
    <>
      <ul className="legend circle-classes">
        {(without.length < units.length ? classes : []).map((one, index) => (
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
              {counted(
                without.some((unit) => unit.hidden) ? 'circle.legend.hidden' : 'circle.legend.noFigure',
              )}
            </span>
            <span className="figures soft">{t('circle.legend.unitCount', { count: without.length })}</span>
          </li>
        )}
      </ul>
      <p className="hint figures">
        <Denominator />
        {rows.some((row) => row.rounded) && ` ${counted('circle.legend.rounded')}`}
      </p>
    </>
  );
}

/** Denominator is of whom the figures are shares, or why nothing may be said of them. */
function Denominator() {
  const counted = useCounted();
  const numbers = useNumbers();
  const { rows, by, differs } = useShown();
  if (rows.length > 0 && rows.every((row) => row.hidden)) {
    return counted('circle.denominator.hidden');
  }
  const households = rows.reduce((sum, row) => sum + row.households, 0);
  const people = rows.reduce((sum, row) => sum + row.people, 0);
  const ofPeople = by === 'share_people' || by === 'catchment';
  if (!differs && ofPeople && people === 0 && rows.some((row) => row.rounded && row.households > 0)) {
    return counted('circle.denominator.noPeople');
  }
  return counted(`circle.denominator.${differs ? 'difference' : by}`, {
    households: numbers(households),
    people: numbers(people),
  });
}

/** UncoveredLegend states how many households a colour stands for, and how large a cell is. */
function UncoveredLegend() {
  const counted = useCounted();
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
        {counted('circle.legend.cells', {
          resolution: step.resolution,
          area: step.squareKilometres,
        })}
      </p>
    </>
  );
}

/** ReachedLegend is the legend of the reach tool: the colours of its minutes. */
function ReachedLegend() {
  const { t } = useTranslation();
  const { theme } = useTheme();
  const numbers = useNumbers();
  const [{ place }] = useView();
  const standard = useChoice((choice) => choice.standard);
  const contours = useReach(place, standard).data?.contours ?? [];
  if (place === null || contours.length === 0) return null;
  const steps = colours('reach', contours.length, theme);
  return (
    <section className="circle-layer">
      <h3>{t('circle.legend.reached')}</h3>
      <ol className="ramp">
        {contours.map(({ minutes }, index) => (
          <li key={minutes}>
            <svg viewBox="0 0 10 6" preserveAspectRatio="none" aria-hidden="true">
              <rect width="10" height="6" fill={steps[index]} />
            </svg>
            <span className="figures">≤ {numbers(minutes, 1)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function ReachLegend() {
  const { t } = useTranslation();
  const [{ show }] = useCircleView();
  const near = useZoomedIn(STREETS_FROM);
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
      {show.includes('streets') && !near && <p className="hint">{t('circle.legend.streetsHint')}</p>}
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

/** useZoomedIn is whether the map shows what is drawn from a zoom on. */
function useZoomedIn(from: number): boolean {
  const map = usePage((page) => page.map);
  const [near, setNear] = useState(() => (map?.getZoom() ?? 0) >= from);
  useEffect(() => {
    if (!map) return;
    const read = () => setNear(map.getZoom() >= from);
    read();
    map.on('zoomend', read);
    return () => {
      map.off('zoomend', read);
    };
  }, [map, from]);
  return near;
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
