// A chart drawn on a canvas, with the parts of ECharts that pages use: tooltips and
// marks as HTML or SVG would need styles that the policy of the page forbids.
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { FONT } from '../theme/fonts';
import type { Palette } from '../theme/palette';

use([
  BarChart,
  HeatmapChart,
  LineChart,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

type Handlers = {
  /** A press on something that is drawn: its number in the series. */
  onChoose?: (index: number) => void;
  /** The pointer is on something that is drawn; null when it leaves it. */
  onPoint?: (index: number | null) => void;
  /** A press anywhere in the plot, in the units of the x axis. */
  onX?: (x: number) => void;
};

/**
 * Chart draws an option at the size of its box; its label says in words what it shows.
 * What has the number `strong` in the first series is shown strongly.
 */
export default function Chart(
  props: {
    option: EChartsCoreOption;
    label: string;
    className?: string;
    strong?: number | null;
  } & Handlers,
) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const handlers = useRef<Handlers>(props);
  handlers.current = props;
  useEffect(() => {
    if (!box.current) return;
    const drawn = init(box.current, null, { renderer: 'canvas' });
    chart.current = drawn;
    drawn.on('click', (event) => {
      if (event.componentType === 'series') handlers.current.onChoose?.(event.dataIndex);
    });
    drawn.on('mouseover', (event) => handlers.current.onPoint?.(event.dataIndex ?? null));
    drawn.on('mouseout', () => handlers.current.onPoint?.(null));
    drawn.getZr().on('click', (event) => {
      const at = [event.offsetX, event.offsetY];
      if (!handlers.current.onX || !drawn.containPixel('grid', at)) return;
      const [x] = drawn.convertFromPixel('grid', at) as [number, number];
      handlers.current.onX(x);
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
  const { strong } = props;
  useEffect(() => {
    if (strong === undefined || strong === null) return;
    const what = { seriesIndex: 0, dataIndex: strong };
    chart.current?.dispatchAction({ type: 'highlight', ...what });
    return () => {
      chart.current?.dispatchAction({ type: 'downplay', ...what });
    };
  }, [strong]);
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
