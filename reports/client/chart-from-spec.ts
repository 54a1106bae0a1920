import type { AxisSpec, ChartSpec, SeriesSpec } from '../charts/chart-spec.js';
import { threeDigits } from '../numbers/digits.js';
import { secondsText } from '../numbers/moment.js';
import {
  axisTitlePlugin,
  backgroundPlugin,
  endLabelsPlugin,
  endLabelWidth,
  hasEndLabel,
  intervalsPlugin,
  stripsPlugin,
} from './draw-lines.js';
import { BAR_OFFSET, markHeight, type RowLayout, rowLayout, rowsPlugin } from './draw-rows.js';
import type { Canvas2d, ChartInstance, ChartPlugin, ChartScale } from './page-surface.js';
import { FONT_FAMILY, FONT_SIZE, type Theme } from './theme.js';

/** Panels of one figure share their margins, so that their time axes stand under each other. */
const PANEL_AXIS_WIDTH = 52;
const STRIP_HEIGHT = 34;

/** Height in CSS pixels that a chart needs at a width. */
export function chartHeight(spec: ChartSpec, context: Canvas2d, width: number): number {
  switch (spec.kind) {
    case 'rows': {
      const rows = spec.rows ?? [];
      const labelled = spec.rules?.some((rule) => rule.label) ? 22 : 4;
      return rows.length * rowLayout(context, spec, width).rowHeight + labelled + 46;
    }
    case 'curve':
    case 'scaling':
    case 'load':
      return width < 480 ? 290 : 340;
    case 'panel':
      return 164;
    case 'rounds':
      return spec.x.hidden ? 112 : 150;
    case 'plot':
      return width < 480 ? 230 : 260;
    case 'strips':
      return (spec.strips?.length ?? 0) * STRIP_HEIGHT + 48;
  }
}

/** Chart.js configuration for a specification in the colours of a theme. */
export function chartConfiguration(spec: ChartSpec, context: Canvas2d, width: number, theme: Theme): object {
  const layout = spec.kind === 'rows' ? rowLayout(context, spec, width) : null;
  return {
    type: 'line',
    data: { datasets: spec.series.map((line) => dataset(line, theme, width)) },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      // Twice the pixels for paper, whatever the screen has.
      ...(theme.paper ? { devicePixelRatio: 2 } : {}),
      font: { family: FONT_FAMILY, size: FONT_SIZE },
      layout: { padding: padding(spec, layout, context) },
      interaction: { mode: spec.kind === 'rows' ? 'nearest' : 'x', intersect: spec.kind === 'rows' },
      plugins: { legend: { display: false }, tooltip: tooltip(spec, theme) },
      scales: { x: axis(spec, spec.x, 'x', theme), y: axis(spec, spec.y, 'y', theme) },
    },
    plugins: pluginsOf(spec, layout, theme),
  };
}

function pluginsOf(spec: ChartSpec, layout: RowLayout | null, theme: Theme): ChartPlugin[] {
  const background = backgroundPlugin(spec, theme);
  const title = axisTitlePlugin(spec, theme);
  if (layout) return [background, roundDots(spec, layout), rowsPlugin(spec, layout, theme)];
  if (spec.kind === 'strips') return [background, stripsPlugin(spec, theme)];
  if (spec.kind === 'scaling' || spec.kind === 'load' || spec.kind === 'plot')
    return [background, intervalsPlugin(spec, theme), title, endLabelsPlugin(spec, theme)];
  return [background, title, endLabelsPlugin(spec, theme)];
}

/** The dots of the rounds lie in the lower half of their row's bar, wherever the layout puts it. */
function roundDots(spec: ChartSpec, layout: RowLayout): ChartPlugin {
  return {
    id: 'roundDots',
    beforeDatasetsDraw(chart) {
      const withMeta = chart as ChartInstance & { getDatasetMeta(index: number): { data: { y: number }[] } };
      spec.series.forEach((line, index) => {
        withMeta.getDatasetMeta(index).data.forEach((element, point) => {
          element.y = markHeight(chart, layout, line.points[point]![1]) + BAR_OFFSET;
        });
      });
    },
  };
}

function padding(spec: ChartSpec, layout: RowLayout | null, context: Canvas2d): object {
  if (layout) {
    const labelled = spec.rules?.some((rule) => rule.label);
    return { left: layout.left, right: layout.right, top: labelled ? 22 : 4, bottom: 0 };
  }
  const levels = (spec.rules ?? [])
    .filter((rule) => rule.axis === 'y' && rule.role !== undefined)
    .map((rule) => rule.label);
  const right = endLabelWidth(
    context,
    spec.rightLabels ?? [...spec.series.filter(hasEndLabel).map((line) => line.label), ...levels],
  );
  return {
    left: spec.kind === 'strips' ? PANEL_AXIS_WIDTH : 0,
    right,
    top: spec.kind === 'strips' ? 8 : 26,
    bottom: 0,
  };
}

/** Of a colour in hexadecimal: where specks lie on each other it gets darker. */
const SPECK_ALPHA = '59';
const DASHES = { line: [], dashed: [5, 3], dotted: [1.5, 2.5], dots: [], points: [], specks: [] };

function dataset(line: SeriesSpec, theme: Theme, width: number): object {
  const dots = line.style === 'dots' || line.style === 'points' || line.style === 'specks';
  return {
    label: line.label,
    data: line.points.map(([x, y]) => ({ x, y })),
    showLine: !dots,
    borderColor: line.style === 'dots' ? theme.ink : theme.mark(line.role),
    backgroundColor:
      line.style === 'specks'
        ? `${theme.mark(line.role)}${SPECK_ALPHA}`
        : line.style === 'points'
          ? theme.mark(line.role)
          : theme.page,
    borderWidth: line.style === 'specks' ? 0 : dots ? 1 : width < 480 ? 1.1 : 1.75,
    borderDash: DASHES[line.style],
    pointRadius: line.style === 'specks' ? 1.5 : line.style === 'points' ? 4 : dots ? 2.5 : 0,
    // What failed is told by a shape too.
    pointStyle: line.role === 'fail' ? 'rectRot' : 'circle',
    pointHoverRadius: dots ? 4 : 3,
    pointHitRadius: 6,
    // Some of thousands lie outside of what is looked at.
    clip: dots && line.style !== 'specks' ? false : 2,
  };
}

function axis(spec: ChartSpec, axisSpec: AxisSpec, which: 'x' | 'y', theme: Theme): object {
  const labels = new Map(axisSpec.ticks.map((tick) => [tick.at, tick.label]));
  const panelY = which === 'y' && ['panel', 'rounds', 'scaling', 'plot'].includes(spec.kind);
  return {
    type: axisSpec.scale === 'log' ? 'logarithmic' : 'linear',
    position: which === 'x' ? 'bottom' : 'left',
    reverse: (spec.kind === 'rows' && which === 'y') || axisSpec.reversed === true,
    min: axisSpec.min,
    max: axisSpec.max,
    title: {
      display: axisSpec.title !== '' && which === 'x',
      text: axisSpec.title,
      color: theme.muted,
      // Chart.js writes the title of a reversed axis out of the plot at either end.
      align: axisSpec.reversed ? 'center' : 'end',
      font: { family: FONT_FAMILY, size: FONT_SIZE },
      padding: { top: 2 },
    },
    grid: {
      color: theme.hairline,
      tickLength: 4,
      drawTicks: which === 'x',
      display: !(axisSpec.hidden && which === 'y') && !isTime(spec, which),
    },
    border: { color: theme.hairline, display: !(axisSpec.hidden ?? false) },
    ticks: {
      display: !(axisSpec.hidden ?? false),
      color: theme.muted,
      autoSkip: false,
      maxRotation: 0,
      font: { family: FONT_FAMILY, size: FONT_SIZE },
      align: isTime(spec, which) ? 'start' : 'center',
      callback: (value: number) => labels.get(value) ?? '',
    },
    afterBuildTicks: (scale: ChartScale) => {
      scale.ticks = axisSpec.ticks.map((tick) => ({ value: tick.at }));
    },
    afterTickToLabelConversion: (scale: ChartScale) => thinLabels(scale, axisSpec, which),
    ...(panelY
      ? {
          afterFit: (scale: ChartScale) => {
            scale.width = PANEL_AXIS_WIDTH;
          },
        }
      : {}),
  };
}

function isTime(spec: ChartSpec, which: 'x' | 'y'): boolean {
  return which === 'x' && (spec.kind === 'panel' || spec.kind === 'strips');
}

/** Blanks words that would touch their neighbour; the grid line stays. */
function thinLabels(scale: ChartScale, axisSpec: AxisSpec, which: 'x' | 'y'): void {
  const extent = which === 'x' ? scale.right - scale.left : scale.bottom - scale.top;
  if (!(extent > 0)) return;
  const logarithmic = axisSpec.scale === 'log';
  const place = (value: number) =>
    logarithmic
      ? (Math.log(value / scale.min) / Math.log(scale.max / scale.min)) * extent
      : ((value - scale.min) / (scale.max - scale.min)) * extent;
  let free = Number.NEGATIVE_INFINITY;
  for (const tick of scale.ticks) {
    if (!tick.label) continue;
    const size = which === 'x' ? tick.label.length * FONT_SIZE * 0.62 + 6 : FONT_SIZE + 4;
    const at = place(tick.value);
    if (at - size / 2 < free) tick.label = '';
    else free = at + size / 2;
  }
}

function tooltip(spec: ChartSpec, theme: Theme): object {
  interface Item {
    raw: { x: number; y: number };
    dataset: { label: string; showLine: boolean };
  }
  const isCurve = spec.kind === 'curve';
  const unitOf: Partial<Record<ChartSpec['kind'], string>> = { curve: ' ms', load: ' ms', rounds: '×' };
  return {
    enabled: spec.series.length > 0,
    backgroundColor: theme.ink,
    titleColor: theme.page,
    bodyColor: theme.page,
    displayColors: false,
    cornerRadius: 2,
    // Points on a line say the same as the line.
    filter: (item: Item) => spec.kind !== 'load' || item.dataset.showLine,
    callbacks: {
      title: (items: Item[]) => {
        const at = items[0]?.raw.x ?? 0;
        if (spec.tip !== undefined && spec.kind !== 'rows') {
          const [before, behind] = spec.tip.title;
          return `${before}${spec.tip.isCell ? Math.floor(at) + 1 : threeDigits(at)}${behind}`;
        }
        if (isCurve) return percentileName(at);
        if (spec.secondsPerX !== undefined) return `after ${secondsText(at * spec.secondsPerX)}`;
        if (spec.kind === 'rounds') return `round ${at}`;
        if (spec.kind === 'load') return `${threeDigits(at)} offered`;
        if (spec.kind === 'scaling') return `${at} ${at === 1 ? 'thread' : 'threads'}`;
        return spec.kind === 'panel' ? `block ${Math.floor(at) + 1}` : (items[0]?.dataset.label ?? '');
      },
      label: (item: Item) => {
        const name = item.dataset.label === '' ? '' : `${item.dataset.label}: `;
        if (spec.tip !== undefined) {
          const [before, behind] = spec.tip.value;
          const figure = `${before}${threeDigits(spec.kind === 'rows' ? item.raw.x : item.raw.y)}${behind}`;
          return spec.kind === 'rows' ? figure : `${name}${figure}`;
        }
        if (spec.kind === 'rows') return `${threeDigits(item.raw.x)} in one round`;
        return `${name}${threeDigits(item.raw.y)}${unitOf[spec.kind] ?? ''}`;
      },
    },
  };
}

/** `p99.99`: what lies beyond it keeps two digits; three digits of the percentile itself would call it p100. */
function percentileName(inverse: number): string {
  const beyond = 100 / inverse;
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(beyond)));
  return `p${Number((100 - beyond).toFixed(decimals))}`;
}
