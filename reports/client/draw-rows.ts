import type { ChartSpec, RowSpec } from '../charts/chart-spec.js';
import { greatest } from '../numbers/order-statistics.js';
import type { Canvas2d, ChartInstance, ChartPlugin } from './page-surface.js';
import { FONT, FONT_BOLD, type Theme } from './theme.js';

/** How a chart of rows is laid out at a given width. */
export interface RowLayout {
  /** Labels stand above their marks instead of left of them. */
  stacked: boolean;
  rowHeight: number;
  left: number;
  right: number;
}

/** Below this width a column of labels would leave no room for the marks. */
const STACKED_BELOW = 560;
/** A long name is cut before it takes the room of the marks; the table has it in full. */
const LABEL_SHARE_MAX = 0.4;
const STACKED_LABEL_SHARE_MAX = 0.62;
const GAP = 10;
const BAR_HEIGHT = 16;
/** How far above the row's middle a stacked label stands, in row heights. */
const LABEL_RISE = 0.26;
const DOT_RADIUS = 4;
const LIMIT_REACH = 9;
/** A strip of quantiles stands above the row's middle, the rounds' dots below it. */
const STRIP_OFFSET = 3;
const STRIP_WIDTH = 6;
/** Interval above, rounds below the middle of a bar, so that neither hides the other. */
export const BAR_OFFSET = 3.5;

export function rowLayout(context: Canvas2d, spec: ChartSpec, width: number): RowLayout {
  const rows = spec.rows ?? [];
  context.save();
  const widest = (texts: string[], font: string) => {
    context.font = font;
    return Math.max(0, greatest(texts.map((text) => context.measureText(text).width)));
  };
  const marks = rows.filter((row) => !row.heading);
  const labels = widest(
    marks.map((row) => row.label),
    FONT,
  );
  const notes = widest(
    marks.filter((row) => row.value !== undefined).map((row) => row.note),
    FONT,
  );
  context.restore();
  const stacked = width < STACKED_BELOW;
  const right = Math.ceil(notes + GAP + 4);
  const labelsMax = Math.floor(width * LABEL_SHARE_MAX);
  if (stacked)
    return {
      stacked,
      rowHeight: rows.some(isTall) ? 42 : 36,
      left: 4,
      right: spec.noteColumn ? 6 : right,
    };
  return {
    stacked,
    rowHeight: rows.some(isTall) ? 28 : 24,
    left: Math.min(Math.ceil(labels + GAP), labelsMax),
    right,
  };
}

/** Bars and strips have the dots of rounds under them. */
function isTall(row: RowSpec): boolean {
  return row.bar !== undefined || row.quantiles !== undefined;
}

/** Draws labels, bars, intervals and markers of a forest plot or bar chart. */
export function rowsPlugin(spec: ChartSpec, layout: RowLayout, theme: Theme): ChartPlugin {
  const rows = spec.rows ?? [];
  return {
    id: 'rows',
    beforeDatasetsDraw(chart) {
      chart.ctx.save();
      rows.forEach((row, index) => {
        const middle = markHeight(chart, layout, index);
        drawLabel(chart, layout, theme, row, index);
        if (row.bar && row.value !== undefined) drawBar(chart, theme, row, middle);
      });
      chart.ctx.restore();
    },
    afterDatasetsDraw(chart) {
      chart.ctx.save();
      rows.forEach((row, index) => {
        const middle = markHeight(chart, layout, index);
        if (row.heading) return;
        if (row.value === undefined) {
          drawAbsence(chart, theme, row, middle);
          return;
        }
        drawLimit(chart, theme, row, middle);
        drawInterval(chart, theme, row, middle);
        if (row.quantiles) drawQuantiles(chart, theme, row.role, row.quantiles, middle - STRIP_OFFSET);
        else if (!row.bar) drawDot(chart, theme, row, middle);
        if (spec.noteColumn) drawColumnNote(chart, layout, theme, row, index);
        else drawNote(chart, spec, theme, row, index, middle);
      });
      chart.ctx.restore();
    },
  };
}

/** The y coordinate of a row's mark; stacked rows keep their upper part for the label. */
export function markHeight(chart: ChartInstance, layout: RowLayout, index: number): number {
  return chart.scales.y.getPixelForValue(index) + (layout.stacked ? layout.rowHeight * 0.2 : 0);
}

function drawLabel(chart: ChartInstance, layout: RowLayout, theme: Theme, row: RowSpec, index: number): void {
  const { ctx, chartArea, scales } = chart;
  const middle = scales.y.getPixelForValue(index);
  ctx.textBaseline = 'middle';
  ctx.font = row.heading ? FONT_BOLD : FONT;
  ctx.fillStyle = theme.ink;
  if (row.heading) {
    ctx.textAlign = 'left';
    ctx.fillText(fitted(ctx, row.label, chart.width), 0, middle + layout.rowHeight * 0.12);
    ctx.strokeStyle = theme.hairline;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(0, middle - layout.rowHeight / 2 + 2.5);
    ctx.lineTo(chart.width, middle - layout.rowHeight / 2 + 2.5);
    ctx.stroke();
    return;
  }
  if (layout.stacked) {
    ctx.textAlign = 'left';
    const height = middle - layout.rowHeight * LABEL_RISE;
    const label = fitted(ctx, row.label, chart.width * STACKED_LABEL_SHARE_MAX);
    clearBehind(ctx, theme, label, chartArea.left, height);
    ctx.fillStyle = theme.ink;
    ctx.fillText(label, chartArea.left, height);
  } else {
    ctx.textAlign = 'right';
    ctx.fillText(fitted(ctx, row.label, chartArea.left - GAP), chartArea.left - GAP, middle);
  }
}

function drawBar(chart: ChartInstance, theme: Theme, row: RowSpec, middle: number): void {
  const { ctx, scales } = chart;
  const from = scales.x.getPixelForValue(scales.x.min);
  const to = scales.x.getPixelForValue(row.value!);
  const top = Math.round(middle - BAR_HEIGHT / 2) + 0.5;
  ctx.lineWidth = 1;
  if (row.bar!.outlineTo !== null) {
    ctx.strokeStyle = theme.mark('limit');
    ctx.fillStyle = theme.fill('limit');
    const reach = scales.x.getPixelForValue(row.bar!.outlineTo) - from;
    ctx.fillRect(from, top, reach, BAR_HEIGHT);
    ctx.setLineDash([2, 2]);
    ctx.strokeRect(from, top, reach, BAR_HEIGHT);
    ctx.setLineDash([]);
  }
  ctx.fillStyle = row.hollow ? theme.page : theme.fill(row.role);
  ctx.strokeStyle = theme.mark(row.role);
  ctx.fillRect(from, top, to - from, BAR_HEIGHT);
  ctx.strokeRect(from, top, to - from, BAR_HEIGHT);
}

function drawInterval(chart: ChartInstance, theme: Theme, row: RowSpec, middle: number): void {
  if (!row.interval) return;
  const { ctx, scales } = chart;
  const [from, to] = row.interval.map((value) => scales.x.getPixelForValue(value)) as [number, number];
  const cap = 3;
  const height = row.bar ? middle - BAR_OFFSET : middle;
  ctx.strokeStyle = row.bar ? theme.ink : theme.mark(row.role);
  ctx.lineWidth = row.bar ? 1.25 : 2;
  ctx.beginPath();
  ctx.moveTo(from, height);
  ctx.lineTo(to, height);
  for (const end of [from, to]) {
    ctx.moveTo(end, height - cap);
    ctx.lineTo(end, height + cap);
  }
  ctx.stroke();
}

/** A dashed line across the row alone. */
function drawLimit(chart: ChartInstance, theme: Theme, row: RowSpec, middle: number): void {
  if (row.limitAt === undefined) return;
  const { ctx, scales } = chart;
  const x = Math.round(scales.x.getPixelForValue(row.limitAt)) + 0.5;
  ctx.strokeStyle = theme.failMark;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 2]);
  ctx.beginPath();
  ctx.moveTo(x, middle - LIMIT_REACH);
  ctx.lineTo(x, middle + LIMIT_REACH);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawDot(chart: ChartInstance, theme: Theme, row: RowSpec, middle: number): void {
  const { ctx, scales } = chart;
  ctx.beginPath();
  ctx.arc(scales.x.getPixelForValue(row.value!), middle, DOT_RADIUS, 0, 2 * Math.PI);
  ctx.fillStyle = row.hollow ? theme.page : theme.mark(row.role);
  ctx.strokeStyle = theme.mark(row.role);
  ctx.lineWidth = 2;
  ctx.fill();
  ctx.stroke();
}

/** Thin from p5 to p95, thick over the middle half, across it the median. */
function drawQuantiles(
  chart: ChartInstance,
  theme: Theme,
  role: RowSpec['role'],
  quantiles: NonNullable<RowSpec['quantiles']>,
  middle: number,
): void {
  const { ctx, scales } = chart;
  const [p5, p25, p50, p75, p95] = quantiles.map((value) =>
    scales.x.getPixelForValue(value),
  ) as typeof quantiles;
  const line = (from: number, to: number, width: number, colour: string) => {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.moveTo(from, middle);
    ctx.lineTo(to, middle);
    ctx.stroke();
  };
  line(p5, p95, 1.5, theme.mark(role));
  line(p25, p75, STRIP_WIDTH, theme.mark(role));
  ctx.fillStyle = theme.ink;
  ctx.fillRect(p50 - 1, middle - STRIP_WIDTH / 2 - 1.5, 2, STRIP_WIDTH + 3);
}

/** A hollow diamond at the edge, where no value can be read from it, and the reason in words. */
function drawAbsence(chart: ChartInstance, theme: Theme, row: RowSpec, middle: number): void {
  const { ctx, chartArea } = chart;
  const centre = chartArea.left + 8;
  ctx.beginPath();
  ctx.moveTo(centre - 5, middle);
  ctx.lineTo(centre, middle - 5);
  ctx.lineTo(centre + 5, middle);
  ctx.lineTo(centre, middle + 5);
  ctx.closePath();
  ctx.strokeStyle = theme.mark('other');
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.font = FONT;
  ctx.fillStyle = theme.muted;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(fitted(ctx, row.note, chart.width - centre - 14), centre + 12, middle);
}

function fitted(context: Canvas2d, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
}

/** Figures under each other at the right edge, as in a printed forest plot; on the label's line when narrow. */
function drawColumnNote(
  chart: ChartInstance,
  layout: RowLayout,
  theme: Theme,
  row: RowSpec,
  index: number,
): void {
  const { ctx, scales, chartArea, width } = chart;
  const middle = scales.y.getPixelForValue(index);
  ctx.font = FONT;
  ctx.textBaseline = 'middle';
  if (!layout.stacked) {
    ctx.textAlign = 'left';
    ctx.fillStyle = theme.ink;
    ctx.fillText(row.note, chartArea.right + GAP, middle);
    return;
  }
  const height = middle - layout.rowHeight * LABEL_RISE;
  const left = width - ctx.measureText(row.note).width;
  ctx.textAlign = 'left';
  clearBehind(ctx, theme, row.note, left, height);
  ctx.fillStyle = theme.ink;
  ctx.fillText(row.note, left, height);
}

/** Takes grid lines away behind words. */
function clearBehind(ctx: Canvas2d, theme: Theme, text: string, left: number, middle: number): void {
  ctx.fillStyle = theme.page;
  ctx.fillRect(left - 2, middle - 8, ctx.measureText(text).width + 4, 16);
}

/** The figure stands right of whatever reaches furthest: bar, interval or a round's dot. */
function drawNote(
  chart: ChartInstance,
  spec: ChartSpec,
  theme: Theme,
  row: RowSpec,
  index: number,
  middle: number,
): void {
  const { ctx, scales, width } = chart;
  const dots = spec.series.flatMap((line) => line.points.filter(([, y]) => y === index).map(([x]) => x));
  const reach = Math.max(row.value!, row.interval?.[1] ?? 0, greatest(dots), row.bar?.outlineTo ?? 0);
  ctx.font = FONT;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = theme.ink;
  const wanted = scales.x.getPixelForValue(reach) + GAP;
  ctx.fillText(row.note, Math.min(wanted, width - ctx.measureText(row.note).width), middle);
}
