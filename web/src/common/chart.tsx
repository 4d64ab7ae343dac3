// A chart drawn on a canvas, with the parts of ECharts that pages use: tooltips and
// marks as HTML or SVG would need styles that the policy of the page forbids.
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { Palette } from '../theme/palette';
import { FONT } from '../theme/theme';

use([BarChart, HeatmapChart, LineChart, GridComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

/** Chart draws an option at the size of its box; its label says in words what it shows. */
export default function Chart(props: {
  option: EChartsCoreOption;
  label: string;
  className?: string;
  onChoose?: (index: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const choose = useRef(props.onChoose);
  choose.current = props.onChoose;
  useEffect(() => {
    if (!box.current) return;
    const drawn = init(box.current, null, { renderer: 'canvas' });
    chart.current = drawn;
    drawn.on('click', (event) => {
      if (event.componentType === 'series') choose.current?.(event.dataIndex);
    });
    const watch = new ResizeObserver(() => drawn.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      drawn.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setOption(props.option, { notMerge: true }), [props.option]);
  return <div ref={box} className={props.className} role="img" aria-label={props.label} />;
}

/** plainChart is what all charts have in common: no motion, the page's ink and lines. */
export function plainChart(p: Palette) {
  const axis = {
    axisLine: { lineStyle: { color: p.lineStrong } },
    axisTick: { show: false },
    axisLabel: { color: p.inkSoft, fontSize: 11 },
    splitLine: { lineStyle: { color: p.line } },
  };
  return {
    animation: false,
    textStyle: { fontFamily: FONT, color: p.ink },
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: p.surface,
      borderColor: p.lineStrong,
      textStyle: { color: p.ink, fontSize: 12 },
    },
    axis,
  };
}
