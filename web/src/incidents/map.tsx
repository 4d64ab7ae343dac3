// The map with its legend: units by rate or number, cells, or hot and cold spots.
import { Segmented, Select } from 'antd';
import { lazy, Suspense, useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Style, Tint } from '../admin/unit-map';
import { count, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { Swatch } from '../common/swatch';
import { cellResolutions } from '../map/cells';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';
import { type Class, classesOf, classOf, colourOf } from './classes';
import { type Cell, unwashed, withCells } from './overlay';
import {
  type Asked,
  type Measure,
  type Scope,
  type UnitCount,
  useCells,
  useSpots,
  useUnits,
} from './queries';
import { MEASURES, SHOWN, type Shown, shownResolution } from './view';

const UnitMap = lazy(() => import('../admin/unit-map'));

export type MapChoice = { shown: Shown; measure: Measure; resolution: number; level: string | null };

type Props = {
  asked: Asked;
  choice: MapChoice;
  setChoice: (change: Partial<Omit<MapChoice, 'level'>>) => void;
  unit: string | null;
  onChoose: (unit: string) => void;
};

const NO_TINTS: readonly Tint[] = [];

/** figureOf is what a unit or cell is coloured by. */
export const figureOf = (one: Pick<UnitCount, 'incidents' | 'rate'>, measure: Measure): number | null =>
  measure === 'rate' ? (one.rate?.value ?? null) : one.incidents;

export default function IncidentMap(props: Props) {
  const { t } = useTranslation();
  const p = usePalette();
  const { asked, choice } = props;
  const { shown, measure, resolution } = choice;
  const units = useUnits(asked, shown === 'units' ? choice.level : null);
  const cells = useCells(asked, resolution, shown === 'cells');
  const spots = useSpots(asked, resolution, measure, shown === 'spots');
  const now = { units, cells, spots }[shown];

  const classes = useMemo(() => {
    const items = shown === 'units' ? units.data?.items : shown === 'cells' ? cells.data?.items : [];
    const values = (items ?? []).map((one) => figureOf(one, measure)).filter((v) => v !== null && v > 0);
    return classesOf(values as number[]);
  }, [shown, measure, units.data, cells.data]);
  const tints = useMemo((): readonly Tint[] => {
    if (shown !== 'units') return NO_TINTS;
    return classes.map((_, index) => ({
      colour: colourOf(p.cells, index, classes.length),
      units: (units.data?.items ?? [])
        .filter((one) => classOf(classes, figureOf(one, measure)) === index)
        .map((one) => one.unit),
    }));
  }, [shown, units.data, classes, measure, p]);
  const drawn = useMemo((): Cell[] => {
    if (shown === 'spots') {
      const colours = spotColours(p);
      return (spots.data?.items ?? []).map((one) => ({ outline: one.outline, colour: colours[one.class] }));
    }
    if (shown !== 'cells') return [];
    return (cells.data?.items ?? []).flatMap((one) => {
      const index = classOf(classes, figureOf(one, measure));
      return index < 0 ? [] : [{ outline: one.outline, colour: colourOf(p.cells, index, classes.length) }];
    });
  }, [shown, spots.data, cells.data, classes, measure, p]);
  const tinted = tints.length > 0;
  const overlay = useCallback(
    (style: Style) => withCells(tinted ? style : unwashed(style), drawn, p.ink),
    [tinted, drawn, p.ink],
  );

  return (
    <div className="incidents-map">
      <Choices {...props} exact={now.data?.exact ?? false} />
      <Suspense fallback={<div className="admin-map" />}>
        <UnitMap
          level={choice.level}
          tints={tints}
          overlay={overlay}
          chosen={props.unit}
          onChoose={props.onChoose}
          label={t('incidents.map')}
        />
      </Suspense>
      {now.isError ? (
        <Failed cause={now.error} retry={() => now.refetch()} />
      ) : now.data === undefined ? (
        <Loading rows={1} />
      ) : shown === 'spots' && spots.data ? (
        <SpotLegend spots={spots.data} />
      ) : (
        <Legend classes={classes} measure={measure} scope={now.data} shown={shown} />
      )}
    </div>
  );
}

function Choices({ choice, setChoice, exact }: Props & { exact: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="incidents-choices">
      <Segmented<Shown>
        aria-label={t('incidents.shown.title')}
        value={choice.shown}
        onChange={(shown) => setChoice({ shown })}
        options={SHOWN.map((value) => ({
          value,
          label: t(`incidents.shown.${value}`),
        }))}
      />
      <Segmented<Measure>
        aria-label={t('incidents.measure.title')}
        value={choice.measure}
        onChange={(measure) => setChoice({ measure })}
        options={MEASURES.map((value) => ({
          value,
          label: t(`incidents.measure.${value}`),
        }))}
      />
      {choice.shown !== 'units' && (
        <Select<number>
          aria-label={t('incidents.resolution')}
          getPopupContainer={overlays}
          value={choice.resolution}
          onChange={(resolution) => setChoice({ resolution })}
          options={cellResolutions
            .filter(({ resolution }) => resolution === shownResolution(resolution, exact))
            .map(({ resolution, squareKilometres }) => ({
              value: resolution,
              label: t('incidents.size', { size: squareKilometres }),
            }))}
        />
      )}
    </div>
  );
}

function Legend(props: { classes: readonly Class[]; measure: Measure; scope: Scope; shown: Shown }) {
  const { t } = useTranslation();
  const p = usePalette();
  const language = useLanguage();
  const { classes, measure, scope } = props;
  const write = (value: number) => (measure === 'rate' ? String(value) : count(value, language));
  if (classes.length === 0) {
    return (
      <p className="hint" role="status">
        {t(measure === 'rate' ? 'incidents.noRates' : 'incidents.noCounts', { sample: scope.sample })}
      </p>
    );
  }
  return (
    <>
      <ul className="admin-legend figures" aria-label={t('incidents.legend')}>
        {classes.map(({ from, to }, index) => (
          <li key={from}>
            <Swatch colour={colourOf(p.cells, index, classes.length)} />{' '}
            {from === to ? write(from) : `${write(from)}–${write(to)}`}
          </li>
        ))}
        <li>
          <Swatch colour="none" /> {t(measure === 'rate' ? 'incidents.without' : 'incidents.withoutCount')}
        </li>
      </ul>
      <p className="hint">
        {t(`incidents.unitOf.${measure}`)} {t('incidents.classMethod')}
      </p>
    </>
  );
}

const SPOTS = ['hot-01', 'hot-05', 'cold-05', 'cold-01'] as const;

const spotColours = (p: Palette): Record<(typeof SPOTS)[number], string> => ({
  'hot-01': p.seal,
  'hot-05': p.incident,
  'cold-05': p.household,
  'cold-01': p.accent,
});

function SpotLegend({ spots }: { spots: NonNullable<ReturnType<typeof useSpots>['data']> }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const colours = spotColours(usePalette());
  if (!spots.enough) {
    return (
      <p className="hint" role="status">
        {t('incidents.spots.notEnough', {
          sample: spots.sample,
          incidents: count(spots.incidents, language),
          least: spots.least_cells,
          cells: spots.cells,
        })}
      </p>
    );
  }
  return (
    <>
      <ul className="admin-legend figures" aria-label={t('incidents.legend')}>
        {SPOTS.map((one) => (
          <li key={one}>
            <Swatch colour={colours[one]} /> {t(`incidents.spots.${one}`)}:{' '}
            {spots.items.filter((spot) => spot.class === one).length}
          </li>
        ))}
      </ul>
      {spots.items.length === 0 && <p role="status">{t('incidents.spots.none')}</p>}
      <p className="hint">
        {t('incidents.spots.meaning', { cells: count(spots.cells, language) })}{' '}
        {t(`incidents.spots.by.${spots.measure as Measure}`, { sample: spots.sample })}
      </p>
    </>
  );
}
