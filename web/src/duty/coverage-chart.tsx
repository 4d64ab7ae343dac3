// Coverage as a chart: shares that were seen, and days since the longest unseen, by unit.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { components } from '../api/schema';
import Chart, { plainChart } from '../common/chart';
import { Swatch } from '../common/swatch';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';

type Child = components['schemas']['Child'];

/** Most units of a chart: those whose streets nobody saw for longest. */
const MOST = 30;

/** longestUnseen are the units of a chart, those that nobody saw for longest first; never is longest. */
export const longestUnseen = (rows: readonly Child[]): Child[] =>
  [...rows].sort((a, b) => (b.since.oldest ?? 1e9) - (a.since.oldest ?? 1e9)).slice(0, MOST);

const PARTS = ['streets', 'cells', 'blocks'] as const;

const coloursOf = (p: Palette) => ({
  streets: p.cells[4],
  cells: p.cells[2],
  blocks: p.warn,
  days: p.seal,
});

/** endings are names without what all of them begin with, where there is room for little. */
export function endings(names: readonly string[]): readonly string[] {
  const [first = '', ...others] = names;
  let same = 0;
  while (same < first.length - 1 && others.every((one) => one[same] === first[same])) same++;
  return others.length > 0 && same > 4 ? names.map((one) => `…${one.slice(same - 1)}`) : names;
}

export default function CoverageChart({ rows }: { rows: readonly Child[] }) {
  const { t } = useTranslation();
  const p = usePalette();
  const shown = useMemo(() => longestUnseen(rows), [rows]);
  const option = useMemo(() => {
    const { axis, tooltip, ...plain } = plainChart(p);
    const colours = coloursOf(p);
    return {
      ...plain,
      grid: { left: 44, right: 44, top: 12, bottom: 44 },
      tooltip: {
        ...tooltip,
        trigger: 'axis',
        formatter: ([hit]: { dataIndex: number }[]) => {
          const one = shown[hit?.dataIndex ?? 0];
          if (!one) return '';
          const lines = PARTS.map(
            (key) =>
              `${t(`duty.coverage.${key}`)}: ${one[key].share === null ? '–' : `${Math.round((one[key].share ?? 0) * 100)}%`}`,
          );
          return [
            `${one.name} ${one.unit}`,
            ...lines,
            `${t('duty.coverage.days')}: ${one.since.oldest ?? t('duty.coverage.never')}`,
          ].join('\n');
        },
      },
      xAxis: {
        ...axis,
        type: 'category',
        data: endings(shown.map(({ name }) => name)),
        axisLabel: {
          color: p.inkSoft,
          interval: 0,
          rotate: shown.length > 4 ? 30 : 0,
          overflow: 'truncate',
          width: 76,
        },
      },
      yAxis: [
        { ...axis, type: 'value', max: 100, axisLabel: { color: p.inkSoft, formatter: '{value}%' } },
        { ...axis, type: 'value', minInterval: 1, splitLine: { show: false } },
      ],
      series: [
        ...PARTS.map((key) => ({
          name: t(`duty.coverage.${key}`),
          type: 'bar',
          data: shown.map((one) =>
            one[key].share === null ? null : Math.round((one[key].share ?? 0) * 100),
          ),
          itemStyle: { color: colours[key] },
        })),
        {
          name: t('duty.coverage.days'),
          type: 'line',
          yAxisIndex: 1,
          lineStyle: { width: 0 },
          symbol: 'diamond',
          symbolSize: 11,
          data: shown.map((one) => one.since.oldest),
          itemStyle: { color: colours.days },
        },
      ],
    };
  }, [p, shown, t]);
  return (
    <figure>
      <ul className="admin-legend figures">
        {([...PARTS, 'days'] as const).map((key) => (
          <li key={key}>
            <Swatch colour={coloursOf(p)[key]} /> {t(`duty.coverage.${key}`)}
          </li>
        ))}
      </ul>
      <Chart
        className="duty-chart"
        option={option}
        label={t('duty.coverage.chart', { unit: shown[0]?.name ?? '–', count: shown.length })}
      />
    </figure>
  );
}
