import type { BandSpec, ChartSpec, RuleSpec, SeriesSpec } from '../charts/chart-spec.js';
import { greatest } from '../numbers/order-statistics.js';
import type { Canvas2d, ChartInstance, ChartPlugin } from './page-surface.js';
import { FONT, FONT_SIZE, type Theme } from './theme.js';

const GAP = 8;
const LINE_HEIGHT = FONT_SIZE + 3;

/** Marks are told by what stands beside them, and a line may go on as another that has the word. */
export function hasEndLabel({ style, label, points }: SeriesSpec): boolean {
  return style !== 'dots' && style !== 'points' && style !== 'specks' && label !== '' && points.length > 0;
}

/** Room right of the plot for the labels at the lines' ends. */
export function endLabelWidth(context: Canvas2d, labels: string[]): number {
  context.save();
  context.font = FONT;
  const widest = Math.max(0, greatest(labels.map((label) => context.measureText(label).width)));
  context.restore();
  return Math.ceil(widest + GAP + 6);
}

/** Names each line at its end, moved apart where lines end together; a legend would need the eye to travel. */
export function endLabelsPlugin(spec: ChartSpec, theme: Theme): ChartPlugin {
  return {
    id: 'endLabels',
    afterDatasetsDraw(chart) {
      const { ctx, scales, chartArea } = chart;
      const ends = spec.series
        .filter(hasEndLabel)
        .map((line) => {
          const [x, y] = line.points.at(-1)!;
          const at = { x: scales.x.getPixelForValue(x), y: scales.y.getPixelForValue(y) };
          return { line, at, labelY: at.y };
        })
        .sort((a, b) => a.at.y - b.at.y);
      spreadApart(ends, chartArea.top, chartArea.bottom);
      ctx.save();
      ctx.font = FONT;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'middle';
      for (const { line, at, labelY } of ends) {
        ctx.strokeStyle = theme.mark(line.role);
        ctx.lineWidth = 1;
        // Dotted, so that the way to the label is not read as data.
        ctx.setLineDash([1, 3]);
        ctx.beginPath();
        ctx.moveTo(at.x + 3, at.y);
        ctx.lineTo(chartArea.right + GAP - 2, labelY);
        ctx.stroke();
        ctx.fillStyle = theme.text(line.role);
        ctx.fillText(line.label, chartArea.right + GAP, labelY);
      }
      ctx.restore();
    },
  };
}

function spreadApart(ends: { labelY: number }[], top: number, bottom: number): void {
  for (let index = 1; index < ends.length; index++) {
    ends[index]!.labelY = Math.max(ends[index]!.labelY, ends[index - 1]!.labelY + LINE_HEIGHT);
  }
  // Pushed out at the bottom: push back from there.
  let lowest = bottom;
  for (let index = ends.length - 1; index >= 0; index--) {
    ends[index]!.labelY = Math.max(top, Math.min(ends[index]!.labelY, lowest));
    lowest = ends[index]!.labelY - LINE_HEIGHT;
  }
}

/** The name of the y axis lies flat above the plot: nobody has to tilt their head. */
export function axisTitlePlugin(spec: ChartSpec, theme: Theme): ChartPlugin {
  return {
    id: 'axisTitle',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      ctx.save();
      ctx.font = FONT;
      ctx.fillStyle = theme.muted;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'bottom';
      ctx.fillText(spec.y.title, chartArea.left, chartArea.top - 8);
      ctx.restore();
    },
  };
}

/** Reference lines, round boundaries and the shading of dropped blocks, behind the data. */
export function backgroundPlugin(spec: ChartSpec, theme: Theme): ChartPlugin {
  return {
    id: 'background',
    beforeDatasetsDraw(chart) {
      chart.ctx.save();
      for (const band of spec.bands ?? []) drawBand(chart, theme, band);
      for (const rule of spec.rules ?? []) {
        if (rule.axis === 'y') {
          drawLevelRule(chart, theme, rule);
          continue;
        }
        const { ctx, chartArea, scales } = chart;
        const x = Math.round(scales.x.getPixelForValue(rule.at)) + 0.5;
        const plain = rule.faint ? theme.hairline : rule.dashed ? theme.failMark : theme.ink;
        ctx.strokeStyle = rule.role === undefined ? plain : theme.mark(rule.role);
        ctx.lineWidth = 1;
        ctx.setLineDash(rule.dashed ? [4, 3] : []);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top - (rule.label ? 4 : 0));
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
      }
      chart.ctx.setLineDash([]);
      if (spec.kind === 'scaling' || spec.kind === 'load' || spec.kind === 'plot')
        drawRuleLabelsInside(chart, spec, theme);
      else drawRuleLabels(chart, spec, theme);
      chart.ctx.restore();
    },
  };
}

/** A level that is asked for, its words below the line at the right, where few curves end. */
function drawLevelRule(chart: ChartInstance, theme: Theme, rule: RuleSpec): void {
  const { ctx, chartArea, scales } = chart;
  const y = Math.round(scales.y.getPixelForValue(rule.at)) + 0.5;
  const colour = rule.role === undefined ? null : theme.mark(rule.role);
  ctx.strokeStyle = colour ?? (rule.dashed ? theme.failMark : theme.ink);
  ctx.lineWidth = 1;
  ctx.setLineDash(rule.dashed ? [4, 3] : []);
  ctx.beginPath();
  ctx.moveTo(chartArea.left, y);
  ctx.lineTo(chartArea.right, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = FONT;
  ctx.textBaseline = rule.role === undefined ? 'top' : 'middle';
  ctx.textAlign = rule.role === undefined ? 'right' : 'left';
  ctx.fillStyle = rule.role === undefined ? theme.muted : theme.text(rule.role);
  // What was measured is named beside the plot, where nothing lies behind it.
  if (rule.role === undefined) ctx.fillText(rule.label, chartArea.right - 6, y + 3);
  else ctx.fillText(rule.label, chartArea.right + GAP, y);
}

/** Bands around lines, behind everything, and bars through points. */
export function intervalsPlugin(spec: ChartSpec, theme: Theme): ChartPlugin {
  return {
    id: 'intervals',
    beforeDatasetsDraw(chart) {
      chart.ctx.save();
      for (const line of spec.series) drawArea(chart, theme, line);
      for (const line of spec.series) drawIntervals(chart, theme, line);
      chart.ctx.restore();
    },
  };
}

const AREA_ALPHA = 0.16;
const CAP = 4;

function drawArea(chart: ChartInstance, theme: Theme, { area = [], role }: SeriesSpec): void {
  if (area.length < 2) return;
  const { ctx, scales } = chart;
  const at = (x: number, y: number) => [scales.x.getPixelForValue(x), scales.y.getPixelForValue(y)] as const;
  ctx.beginPath();
  area.forEach(([x, , high], index) => {
    if (index === 0) ctx.moveTo(...at(x, high));
    else ctx.lineTo(...at(x, high));
  });
  for (const [x, low] of area.toReversed()) ctx.lineTo(...at(x, low));
  ctx.closePath();
  ctx.globalAlpha = AREA_ALPHA;
  ctx.fillStyle = theme.mark(role);
  ctx.fill();
  ctx.globalAlpha = 1;
}

function drawIntervals(
  chart: ChartInstance,
  theme: Theme,
  { intervals = [], points, role }: SeriesSpec,
): void {
  const { ctx, scales } = chart;
  ctx.strokeStyle = theme.mark(role);
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  intervals.forEach((interval, index) => {
    if (interval === null) return;
    const x = scales.x.getPixelForValue(points[index]![0]);
    const [low, high] = interval.map((y) => scales.y.getPixelForValue(y)) as [number, number];
    ctx.moveTo(x, low);
    ctx.lineTo(x, high);
    for (const end of [low, high]) {
      ctx.moveTo(x - CAP, end);
      ctx.lineTo(x + CAP, end);
    }
  });
  ctx.stroke();
}

function drawBand(chart: ChartInstance, theme: Theme, { from, to, letter }: BandSpec): void {
  const { ctx, chartArea, scales } = chart;
  const left = scales.x.getPixelForValue(from);
  const width = Math.max(2, scales.x.getPixelForValue(to) - left);
  ctx.fillStyle = theme.wash;
  ctx.fillRect(left, chartArea.top, width, chartArea.bottom - chartArea.top);
  // Hatching, so that the shading survives a printer and is not colour alone.
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, chartArea.top, width, chartArea.bottom - chartArea.top);
  ctx.clip();
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = 0.5;
  ctx.beginPath();
  for (let y = chartArea.top - width; y < chartArea.bottom; y += 6) {
    ctx.moveTo(left, y + width);
    ctx.lineTo(left + width, y);
  }
  ctx.stroke();
  ctx.restore();
  if (letter === undefined) return;
  ctx.font = FONT;
  const middle = left + width / 2;
  const half = ctx.measureText(letter).width / 2 + 2;
  ctx.fillStyle = theme.page;
  ctx.fillRect(middle - half, chartArea.top, 2 * half, LINE_HEIGHT);
  ctx.fillStyle = theme.ink;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  ctx.fillText(letter, middle, chartArea.top + 2);
}

/** Labels of neighbouring rules go to opposite sides, so that 0.952× and 1× never touch. */
function drawRuleLabels(chart: ChartInstance, spec: ChartSpec, theme: Theme): void {
  const labelled = (spec.rules ?? [])
    .filter((rule) => rule.label && rule.axis === 'x')
    .sort((a, b) => a.at - b.at);
  const { ctx, chartArea, scales } = chart;
  ctx.font = FONT;
  ctx.textBaseline = 'bottom';
  labelled.forEach((rule, index) => {
    const x = scales.x.getPixelForValue(rule.at);
    const toLeft = index === 0 && labelled.length > 1 && x - ctx.measureText(rule.label).width > 0;
    ctx.textAlign = toLeft ? 'right' : 'left';
    ctx.fillStyle = theme.muted;
    ctx.fillText(rule.label, x + (toLeft ? -1 : 1), chartArea.top - 5);
  });
}

/** At the foot of the line, where curves that rise leave room; above stands the name of the axis. */
function drawRuleLabelsInside(chart: ChartInstance, spec: ChartSpec, theme: Theme): void {
  const { ctx, chartArea, scales } = chart;
  ctx.font = FONT;
  ctx.fillStyle = theme.muted;
  ctx.textBaseline = 'bottom';
  for (const rule of spec.rules ?? []) {
    if (rule.axis !== 'x' || !rule.label) continue;
    const x = scales.x.getPixelForValue(rule.at);
    const toLeft = x + GAP + ctx.measureText(rule.label).width > chartArea.right;
    ctx.textAlign = toLeft ? 'right' : 'left';
    ctx.textBaseline = rule.place === undefined ? 'bottom' : 'top';
    const head = chartArea.top + 4 + (rule.place === 'second' ? LINE_HEIGHT : 0);
    const y = rule.place === undefined ? chartArea.bottom - 5 : head;
    ctx.fillText(rule.label, x + (toLeft ? -5 : 5), y);
  }
}

/** One band of small bars per strip, on the x axis of the panels above. */
export function stripsPlugin(spec: ChartSpec, theme: Theme): ChartPlugin {
  return {
    id: 'strips',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea, scales } = chart;
      const strips = spec.strips ?? [];
      const height = (chartArea.bottom - chartArea.top) / strips.length;
      ctx.save();
      strips.forEach((strip, index) => {
        const bottom = chartArea.top + (index + 1) * height - 2;
        ctx.fillStyle = theme.mark('limit');
        strip.values.forEach((value, block) => {
          if (!value) return;
          const left = scales.x.getPixelForValue(block);
          const width = Math.max(1, scales.x.getPixelForValue(block + 1) - left - 0.5);
          const size = (Math.min(value, strip.max) / strip.max) * (height - 6);
          ctx.fillRect(left, bottom - size, width, size);
        });
        ctx.strokeStyle = theme.hairline;
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(chartArea.left, Math.round(bottom) + 0.5);
        ctx.lineTo(chartArea.right, Math.round(bottom) + 0.5);
        ctx.stroke();
        ctx.font = FONT;
        ctx.fillStyle = theme.muted;
        ctx.textAlign = 'left';
        ctx.textBaseline = 'middle';
        ctx.fillText(strip.label, chartArea.right + GAP, bottom - height / 2 - 4);
        if (strip.isPresence) return;
        ctx.fillText(
          `0–${strip.maxText ?? `${strip.max}\u202f%`}`,
          chartArea.right + GAP,
          bottom - height / 2 + 10,
        );
      });
      ctx.restore();
    },
  };
}
