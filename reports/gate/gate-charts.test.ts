import { describe, expect, it } from 'vitest';
import { CLOSED_CASE } from '../../ci/gate/invocation/gated-metrics.js';
import { summariseVerdict } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import { judgeRaw } from '../../ci/gate/verdict/judge-raw.js';
import { lookChart, lookCourse } from './look-course.js';
import { measuredGate, metricSeries } from './measured-gate.js';
import { pairedChart, pairedCourse } from './paired-course.js';
import { ratioForest } from './ratio-forest.js';
import { thinnedLines, unitsCsv } from './raw-data.js';
import { ALL_METRICS, GATES, sampleGate } from './testing/sample-gates.js';
import { spreadChart, windowSpreads } from './window-spread.js';

const failed = GATES.fail();
const file = failed.verdict as GateVerdictFile;
const measured = measuredGate(failed.lines)!;
const [throughput] = ALL_METRICS;

describe('the series of a metric', () => {
  it('have the units that the decision was fed with', () => {
    const { units } = metricSeries(measured, throughput!);
    const used = units.filter((unit) => unit !== null);
    expect(used).toHaveLength(file.invocations.used);
    // The median of units is near their Hodges–Lehmann estimate, and only so where they are the same.
    const sorted = [...used].sort((a, b) => a - b);
    expect(sorted[sorted.length >> 1]).toBeCloseTo(file.metrics[0]!.slowdownPercent!, 0);
  });

  it('leave out an invocation with too few blocks, and place blocks where they were', () => {
    const index = measured.invocations.findIndex(({ line }) => line.index === 5);
    expect(measured.invocations[index]!.ordinal).toBeNull();
    const { units, blocks } = metricSeries(measured, throughput!);
    // Its first nine were dropped.
    expect(units[index]).toBeNull();
    expect(blocks[index]!.map(({ at }) => Math.floor(at * 15))).toEqual([9, 10, 11, 12, 13, 14]);
  });
});

describe('the forest of ratios', () => {
  it('has better to the right, hollow marks where nothing was decided, and each row its own limit', () => {
    const chart = ratioForest(file, summariseVerdict(file, []).rows)!;
    const rows = chart.rows!.filter(({ heading }) => heading !== true);
    expect(rows).toHaveLength(file.metrics.length);
    const [first] = rows;
    expect(first!.value).toBeCloseTo(1 / 1.08, 1);
    expect(first!.interval![0]).toBeLessThan(first!.value!);
    expect(first!.interval![1]).toBeGreaterThan(first!.value!);
    expect(first!.role).toBe('fail');
    expect(new Set(rows.map(({ limitAt }) => limitAt))).toEqual(new Set([0.9524, 0.6667, 0.8, undefined]));
    expect(chart.rules!.map(({ at, dashed }) => [at, dashed])).toEqual([
      [1, false],
      [0.9524, true],
    ]);
  });

  it('is logarithmic where ratios span more than four times', () => {
    const wild = structuredClone(file);
    wild.metrics[0]!.slowdownPercent = 500;
    const chart = ratioForest(wild, summariseVerdict(wild, []).rows)!;
    expect(chart.x.scale).toBe('log');
  });

  it('marks hollow what is inconclusive', () => {
    const noisy = GATES.noise().verdict as GateVerdictFile;
    const rows = ratioForest(noisy, summariseVerdict(noisy, []).rows)!.rows!;
    expect(rows.some(({ hollow, value }) => hollow === true && value !== undefined)).toBe(true);
  });
});

describe('windows and their course', () => {
  it('are spread by arm; in open loop the schedule sets the rate', () => {
    const cases = [...new Set(ALL_METRICS.map((each) => each.case))];
    const labels = cases.map((name) => windowSpreads(measured, name).map(({ metric }) => metric));
    expect(labels).toEqual([
      ['throughput_ops_per_s', 'latency_ns_p50', 'latency_ns_p99'],
      ['latency_ns_p50', 'latency_ns_p99'],
    ]);
    const [rate, median] = windowSpreads(measured, CLOSED_CASE).map(spreadChart);
    expect(rate!.x.reversed).toBeUndefined();
    expect(median!.x.reversed).toBe(true);
    expect(rate!.rows!.map(({ label, role }) => [label, role])).toEqual([
      ['base', 'baseline'],
      ['candidate', 'native'],
    ]);
  });

  it('mark looks behind the invocation they looked after, and shade what was dropped with its causes in words', () => {
    const looks = file.metrics[0]!.state!.slower.looks.map(({ invocations }) => invocations);
    const course = pairedCourse(measured, throughput!, looks);
    const chart = pairedChart(measured, course, looks)!;
    // One invocation before it was not used.
    expect(chart.rules!.filter(({ axis }) => axis === 'x').map(({ at, label }) => [at, label])).toEqual(
      looks.map((look) => [look + 1, `look ${look}`]),
    );
    expect(course.sentence).toMatch(/shaded: \d+ of \d+ blocks dropped \(foreign-cpu \d+, steal \d+\)/);
    expect(chart.bands).toContainEqual({ from: 5, to: 6 });
    const control = chart.series.find(({ label }) => label === 'control')!;
    expect(control.points.map(([x]) => Math.floor(x) % 4)).toEqual(control.points.map(() => 3));
  });

  it('draw the looks against 0.7 and 0.9 of the limit, and the confirmation behind them', () => {
    const course = lookCourse(file.metrics[0]!, metricSeries(measured, throughput!))!;
    const chart = lookChart(course);
    expect(chart.series.map(({ label }) => label)).toEqual([
      ...['5\u202f% limit', '4.5\u202f% pass', '3.5\u202f% suspect'],
      ...['', 'look', 'all together', 'fresh ones alone'],
    ]);
    expect(chart.series.slice(0, 3).map(({ points }) => points[0]![1])).toEqual([5, 4.5, 3.5]);
    expect(course.running.at(-1)!.invocations).toBe(file.invocations.used);
    expect(course.running.at(-1)!.estimate).toBeCloseTo(file.metrics[0]!.slowdownPercent!, 6);
  });
});

describe('raw data', () => {
  it('are whole where they fit, and judge to the same verdict', () => {
    const text = thinnedLines(failed.lines, 'none');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(JSON.stringify(judgeRaw(lines).file)).toBe(JSON.stringify(file));
  });

  it('say on every line what was left out of it', () => {
    for (const level of ['windows', 'blocks'] as const) {
      const lines = thinnedLines(failed.lines, level)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toHaveLength(failed.lines.length);
      expect(lines.every(({ without }) => without === level)).toBe(true);
    }
    expect(thinnedLines(failed.lines, 'windows')).toContain('"order":["');
    expect(thinnedLines(failed.lines, 'blocks')).not.toContain('"dropped"');
    expect(thinnedLines(failed.lines, 'all')).toBe('');
  });

  it('have a line of CSV for each invocation and metric that takes time', () => {
    const lines = unitsCsv(measured).trimEnd().split('\r\n');
    const timed = ALL_METRICS.filter(({ kind }) => kind !== 'counter').length;
    expect(lines).toHaveLength(1 + timed * measured.invocations.length);
    expect(lines[0]).toMatch(
      /^invocation,started_at,used,case,metric,limit_percent,slowdown_percent,control_percent/,
    );
    expect(lines[6]).toMatch(
      /^6,2024-01-02T03:05:00\.000Z,no,"tcp\/depth=16,sessions=200",throughput_ops_per_s,5,,/,
    );
  });

  it('bear a gate without an invocation', () => {
    const none = sampleGate({ header: { objections: ['too noisy'] } });
    expect(unitsCsv(measuredGate(none.lines)!).trimEnd().split('\r\n')).toHaveLength(1);
  });
});
