// The charts: share by minute with the cutoff, units side by side, and why people
// reach nothing. They use the colours of the map, and each says its figures in words.
import { Button } from 'antd';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import Chart, { plainChart } from '../common/chart';
import { useWords } from '../common/format';
import { Loading, Nothing } from '../common/states';
import { usePalette } from '../theme/theme';
import { useView } from '../view/url';
import { setChoice, useChoice } from './choice';
import { pointAt, useLinked } from './linked';
import { figure, MEANING } from './measures';
import { useCurve, useRun, useStandards } from './queries';
import { type Coloured, useShown } from './shown';
import { changed, LONGEST, minutesOf } from './standard';
import type { Minute } from './types';
import {
  useAbout,
  useCounted,
  useDifference,
  useLocale,
  useMeasureName,
  useNumbers,
  useStandardText,
} from './words';

export default function Charts() {
  return (
    <div className="circle-charts">
      <CurveChart />
      <UnitsChart />
      <ReasonsChart />
    </div>
  );
}

const percents = (curve: readonly Minute[] | undefined) =>
  (curve ?? []).flatMap(({ minute, share }) => (share === null ? [] : [[minute, share * 100]]));

/** CurveChart is the share of households by minutes. A press on it sets the minutes of the next run. */
function CurveChart() {
  const { t } = useTranslation();
  const p = usePalette();
  const numbers = useNumbers();
  const standardText = useStandardText();
  const { run, column, asked, before: earlier } = useShown();
  const other = useRun(earlier).data;
  const curve = useCurve(run, column);
  const before = useCurve(other, Math.min(column, (other?.params.columns.length ?? 1) - 1));
  const presets = useStandards().data ?? [];
  const { standard } = useChoice();
  const cutoff = asked?.standard.minutes ?? 15;
  const next = standard.minutes;
  const setMinutes = (typed: number) => {
    const minutes = minutesOf(Math.round(typed));
    if (minutes !== null) setChoice({ standard: changed(standard, { minutes }, presets) });
  };
  const rounded = curve.data?.rounded ?? false;
  const share = useCallback(
    (of: number) => {
      const said = `${numbers(of * 100, rounded ? 0 : 1)} %`;
      return rounded ? t('circle.shown.about', { value: said }) : said;
    },
    [numbers, rounded, t],
  );
  const option = useMemo(() => {
    const { axis, ...base } = plainChart(p);
    return {
      ...base,
      grid: { left: 44, right: 18, top: 22, bottom: 34 },
      tooltip: {
        ...base.tooltip,
        trigger: 'axis',
        valueFormatter: (value: unknown) => share(Number(value) / 100),
      },
      xAxis: {
        ...axis,
        type: 'value',
        min: 0,
        max: LONGEST,
        interval: 10,
        name: t('circle.chart.minutes'),
        nameTextStyle: { color: p.inkSoft, fontSize: 11 },
        nameLocation: 'middle',
        nameGap: 20,
      },
      yAxis: {
        ...axis,
        type: 'value',
        min: 0,
        max: 100,
        axisLabel: { color: p.inkSoft, formatter: '{value} %' },
      },
      series: [
        {
          name: t('circle.side.after'),
          type: 'line',
          showSymbol: false,
          data: percents(curve.data?.minutes),
          lineStyle: { color: p.accent, width: 2.5 },
          itemStyle: { color: p.accent },
          areaStyle: { color: p.accent, opacity: 0.08 },
          markLine: {
            symbol: 'none',
            animation: false,
            label: { color: p.ink, fontSize: 11, formatter: '{b}' },
            data: [
              {
                name: t('circle.standard.minutes', { minutes: numbers(cutoff, 1) }),
                xAxis: cutoff,
                lineStyle: { color: p.seal, type: 'solid', width: 1.5 },
              },
              ...(next === cutoff
                ? []
                : [
                    {
                      name: t('circle.chart.next', { minutes: numbers(next, 1) }),
                      xAxis: next,
                      lineStyle: { color: p.seal, type: 'dashed', width: 1.5 },
                    },
                  ]),
            ],
          },
        },
        ...(before.data && other
          ? [
              {
                name: t('circle.side.before'),
                type: 'line',
                showSymbol: false,
                data: percents(before.data.minutes),
                lineStyle: { color: p.inkFaint, width: 2, type: 'dashed' },
                itemStyle: { color: p.inkFaint },
              },
            ]
          : []),
      ],
    };
  }, [p, t, numbers, share, curve.data, before.data, other, cutoff, next]);
  if (curve.isPending) return <Loading />;
  const at = curve.data?.minutes.find((one) => one.minute === Math.round(cutoff))?.share ?? null;
  return (
    <figure>
      <figcaption>
        <strong>{t('circle.chart.curve')}</strong>
        <span className="soft figures">{asked && standardText(asked.standard)}</span>
      </figcaption>
      <Chart
        className="circle-chart"
        option={option}
        onX={setMinutes}
        label={t('circle.chart.curveLabel', {
          minutes: numbers(cutoff, 1),
          share: at === null ? '–' : share(at),
        })}
      />
      <p className="hint">
        {t('circle.chart.curveHint')}{' '}
        {next !== cutoff && (
          <Button size="small" type="link" onClick={() => setMinutes(cutoff)}>
            {t('circle.chart.back', { minutes: numbers(cutoff, 1) })}
          </Button>
        )}
      </p>
    </figure>
  );
}

const NO_FIGURE = { value: 0, rounded: false };

/** UnitsChart is a bar for every unit, in the colours of the map. */
function UnitsChart() {
  const { t } = useTranslation();
  const p = usePalette();
  const locale = useLocale();
  const [view, setView] = useView();
  const { units, by, colours, differs } = useShown();
  const name = useMeasureName();
  const about = useAbout();
  const difference = useDifference();
  const pointed = useLinked((linked) => linked.unit);
  const sorted = useMemo(
    () =>
      units
        .filter((unit): unit is Coloured & { value: number; class: number } => unit.value !== null)
        .sort((a, b) => a.value - b.value),
    [units],
  );
  const { kind } = MEANING[by];
  const scale = kind === 'share' ? 100 : 1;
  const write = useCallback(
    ({ value, rounded }: { value: number; rounded: boolean }) =>
      differs
        ? difference(value, by, rounded)
        : rounded && kind === 'count'
          ? about(value)
          : figure(value, kind, rounded, locale),
    [differs, difference, by, kind, locale, about],
  );
  const option = useMemo(() => {
    const { axis, ...base } = plainChart(p);
    return {
      ...base,
      grid: { left: 48, right: 12, top: 16, bottom: 28 },
      tooltip: {
        ...base.tooltip,
        trigger: 'item',
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const unit = sorted[dataIndex];
          return unit ? `${unit.name}\n${write(unit)}` : '';
        },
      },
      xAxis: {
        ...axis,
        type: 'category',
        data: sorted.map((unit) => unit.name),
        axisLabel: {
          show: sorted.length <= 12,
          color: p.inkSoft,
          fontSize: 11,
          interval: 0,
          width: 60,
          overflow: 'truncate',
        },
      },
      yAxis: {
        ...axis,
        type: 'value',
        axisLabel: {
          color: p.inkSoft,
          fontSize: 11,
          formatter: kind === 'share' && !differs ? '{value} %' : '{value}',
        },
      },
      series: [
        {
          type: 'bar',
          barCategoryGap: sorted.length > 60 ? '5%' : '25%',
          data: sorted.map((unit) => ({
            value: unit.value * scale,
            itemStyle: {
              color: colours[unit.class] ?? p.raised,
              borderColor: unit.unit === view.unit ? p.seal : p.lineStrong,
              borderWidth: unit.unit === view.unit ? 2 : sorted.length > 60 ? 0 : 0.5,
            },
          })),
          emphasis: { itemStyle: { borderColor: p.seal, borderWidth: 2 } },
        },
      ],
    };
  }, [p, sorted, colours, kind, scale, differs, write, view.unit]);
  const strong = sorted.findIndex((unit) => unit.unit === pointed);
  return (
    <figure>
      <figcaption>
        <strong>{t('circle.chart.units', { what: name(by) })}</strong>
        <span className="soft">{t(differs ? 'circle.side.difference' : 'circle.chart.unitsHint')}</span>
      </figcaption>
      {sorted.length === 0 ? (
        <Nothing title={t('circle.legend.noFigure')} />
      ) : (
        <Chart
          className="circle-chart"
          option={option}
          strong={strong < 0 ? null : strong}
          onPoint={(index) => pointAt(index === null ? null : (sorted[index]?.unit ?? null))}
          onChoose={(index) => setView({ unit: sorted[index]?.unit ?? null })}
          label={t('circle.chart.unitsLabel', {
            count: sorted.length,
            least: write(sorted[0] ?? NO_FIGURE),
            most: write(sorted.at(-1) ?? NO_FIGURE),
          })}
        />
      )}
    </figure>
  );
}

/** ReasonsChart counts the households that reach no point at all, by the reason. */
function ReasonsChart() {
  const { t } = useTranslation();
  const p = usePalette();
  const word = useWords();
  const numbers = useNumbers();
  const counted = useCounted();
  const { run, column } = useShown();
  const total = run?.totals?.find((row) => row.column === column);
  const reasons = useMemo(
    () =>
      Object.entries(total?.unreachable ?? {})
        .filter(([, count]) => count > 0)
        .sort((a, b) => a[1] - b[1]),
    [total],
  );
  const option = useMemo(() => {
    const { axis, ...base } = plainChart(p);
    return {
      ...base,
      grid: { left: 120, right: 56, top: 8, bottom: 24 },
      xAxis: { ...axis, type: 'value', minInterval: 1, splitNumber: 2 },
      yAxis: {
        ...axis,
        type: 'category',
        data: reasons.map(([reason]) => word('circle.reason', reason)),
        axisLabel: { color: p.ink, fontSize: 12, width: 108, overflow: 'break' },
      },
      series: [
        {
          type: 'bar',
          barMaxWidth: 22,
          data: reasons.map(([, count]) => count),
          itemStyle: { color: p.incident },
          label: {
            show: true,
            position: 'right',
            color: p.ink,
            formatter: ({ value }: { value: number }) => numbers(value),
          },
        },
      ],
    };
  }, [p, reasons, word, numbers]);
  return (
    <figure>
      <figcaption>
        <strong>{counted('circle.chart.reasons')}</strong>
        <span className="soft">{t('circle.chart.reasonsHint')}</span>
      </figcaption>
      {reasons.length === 0 ? (
        <Nothing title={counted('circle.chart.noReasons')} />
      ) : (
        <Chart
          className="circle-chart"
          option={option}
          label={reasons
            .map(([reason, count]) => `${word('circle.reason', reason)} ${numbers(count)}`)
            .join(', ')}
        />
      )}
    </figure>
  );
}
