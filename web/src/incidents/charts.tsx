// The charts: incidents by week or month, and by hour and weekday.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import Chart, { plainChart } from '../common/chart';
import { count, useLanguage } from '../common/format';
import { usePalette } from '../theme/theme';
import { lastDay, type Period } from './period';
import type { Matrix, Trend } from './queries';

/** TrendChart is a bar for every step; a press on one chooses it as the period. */
export function TrendChart(props: { trend: Trend; chosen: Period; onChoose: (from: string) => void }) {
  const { t } = useTranslation();
  const p = usePalette();
  const language = useLanguage();
  const { trend, chosen } = props;
  const option = useMemo(() => {
    const { axis, tooltip, ...plain } = plainChart(p);
    return {
      ...plain,
      grid: { left: 40, right: 10, top: 12, bottom: 26 },
      tooltip: {
        ...tooltip,
        trigger: 'axis',
        formatter: ([hit]: { dataIndex: number }[]) => {
          const step = trend.items[hit?.dataIndex ?? 0];
          if (!step) return '';
          const n = step.incidents === null ? t('incidents.hidden') : count(step.incidents, language);
          return `${step.from} – ${lastDay(step.to)}\n${n}`;
        },
      },
      xAxis: {
        ...axis,
        type: 'category',
        data: trend.items.map(({ from }) => from.slice(2, trend.by === 'month' ? 7 : 10)),
      },
      yAxis: { ...axis, type: 'value', minInterval: 1 },
      series: [
        {
          type: 'bar',
          barCategoryGap: '20%',
          data: trend.items.map(({ from, to, incidents }) => ({
            value: incidents,
            itemStyle: {
              color: from < chosen.to && to > chosen.from ? p.seal : (p.cells[3] ?? p.accent),
            },
          })),
        },
      ],
    };
  }, [p, trend, chosen, language, t]);
  return (
    <Chart
      className="incidents-chart"
      option={option}
      label={t('incidents.trendLabel', {
        from: trend.from,
        to: lastDay(trend.to),
        most: count(Math.max(0, ...trend.items.map(({ incidents }) => incidents ?? 0)), language),
      })}
      onChoose={(index) => {
        const step = trend.items[index];
        if (step) props.onChoose(step.from);
      }}
    />
  );
}

/** MatrixChart is a field for every hour of the week; where counts are rounded, for every four. */
export function MatrixChart({ matrix }: { matrix: Matrix }) {
  const { t } = useTranslation();
  const p = usePalette();
  const language = useLanguage();
  const days = useMemo(() => Array.from({ length: 7 }, (_, i) => weekday(i + 1, language)), [language]);
  const option = useMemo(() => {
    const { axis, tooltip, ...plain } = plainChart(p);
    const hours = Array.from({ length: 24 / matrix.hours }, (_, i) => i * matrix.hours);
    const shown = matrix.items.filter(({ incidents }) => incidents !== null);
    const most = Math.max(1, ...matrix.items.map(({ incidents }) => incidents ?? 0));
    const named = (hour: number) => `${hour}:00–${hour + matrix.hours}:00`;
    return {
      ...plain,
      grid: { left: 40, right: 10, top: 8, bottom: 26 },
      tooltip: {
        ...tooltip,
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const slot = shown[dataIndex];
          return slot
            ? `${days[slot.weekday - 1]} ${named(slot.hour)}\n${count(slot.incidents, language)}`
            : '';
        },
      },
      xAxis: { ...axis, type: 'category', data: hours, splitArea: { show: false } },
      yAxis: { ...axis, type: 'category', data: days, inverse: true },
      visualMap: { show: false, min: 0, max: most, inRange: { color: [p.raised, ...p.cells] } },
      series: [
        {
          type: 'heatmap',
          data: shown.map(({ weekday, hour, incidents }) => [hour / matrix.hours, weekday - 1, incidents]),
          itemStyle: { borderColor: p.surface, borderWidth: 1 },
          emphasis: { itemStyle: { borderColor: p.seal } },
        },
      ],
    };
  }, [p, matrix, days, language]);
  const peak = matrix.items.reduce((a, b) => ((b.incidents ?? 0) > (a.incidents ?? 0) ? b : a));
  return (
    <Chart
      className="incidents-chart"
      option={option}
      label={t('incidents.matrixLabel', {
        day: days[peak.weekday - 1],
        hour: peak.hour,
        n: count(peak.incidents, language),
      })}
    />
  );
}

/** weekday names a day of the week, 1 is Monday. */
function weekday(day: number, language: string): string {
  const monday = Date.UTC(2024, 0, 1);
  return new Date(monday + (day - 1) * 86_400_000).toLocaleDateString(language === 'en' ? 'en-GB' : 'zh-CN', {
    weekday: 'short',
    timeZone: 'UTC',
  });
}
