import { describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import {
  generatorBound,
  interrupted,
  notMeasurable,
  openLoop,
  singleRound,
} from '../testing/record-variants.js';
import { latencyView } from '../view-model/latency-view.js';
import { ratioView } from '../view-model/ratio-view.js';
import { throughputView } from '../view-model/throughput-view.js';
import { timelineView } from '../view-model/timeline-view.js';
import { barChart } from './bar-chart.js';
import { forestChart } from './forest-chart.js';
import { latencyChart, pairChart } from './latency-chart.js';
import { linearAxis, linearTicks, logAxis, logTicks, spanAxis } from './ticks.js';
import { panelChart, stripChart } from './timeline-chart.js';

const record = fixtureRecord({ rounds: 6, blocksPerRound: 5 });

describe('ticks', () => {
  it('are round', () => {
    expect(linearTicks(1234, 4).map((tick) => tick.label)).toEqual(['0', '500', '1000']);
    expect(linearTicks(0).length).toBeGreaterThan(0);
  });

  it('name 1, 2, 5 over a few decades and decades only over many', () => {
    expect(
      logTicks(0.5, 20)
        .filter((tick) => tick.label)
        .map((tick) => tick.label),
    ).toEqual(['0.5', '1', '2', '5', '10', '20']);
    expect(
      logTicks(1, 1e6)
        .filter((tick) => tick.label)
        .map((tick) => tick.at),
    ).toEqual([1, 10, 100, 1e3, 1e4, 1e5, 1e6]);
  });

  it('span any number of values', () => {
    const many = Array.from({ length: 300_000 }, (_, index) => index + 1);
    expect(linearAxis(many, 'ns').max).toBeCloseTo(312_000);
    expect(spanAxis(many, 'ns').max).toBe(324_000);
    expect(logAxis(many, 'ns').min).toBeLessThan(1);
  });

  it('survive values that have no logarithm', () => {
    expect(logAxis([0, Number.NaN, -1], 'ms')).toMatchObject({ scale: 'log' });
  });
});

describe('forest plot', () => {
  it('has a row per comparison and lines at 1× and at the limit', () => {
    const chart = forestChart(ratioView(record))!;
    expect(chart.rows!.filter((row) => !row.heading).length).toBe(ratioView(record).leading.length);
    expect(chart.rules!.map((rule) => [rule.at, rule.dashed])).toEqual([
      [1, false],
      [0.9524, true],
    ]);
  });

  it('names an arm that is not the one the page speaks about', () => {
    const owned = structuredClone(record);
    owned.comparisons.push({ ...owned.comparisons[0]!, arm: 'native:owned' });
    const labels = forestChart(ratioView(owned))!.rows!.map((row) => row.label);
    expect(labels).toContain('native (owned): throughput vs baseline');
    expect(labels).toContain('throughput vs baseline');
  });

  it('is logarithmic above a span of four, linear below', () => {
    expect(forestChart(ratioView(record))!.x.scale).toBe('log');
    const near = structuredClone(record);
    for (const row of near.comparisons) Object.assign(row, { ratio: 1.01, ci95: [0.99, 1.03] });
    const chart = forestChart(ratioView(near))!;
    expect(chart.x.scale).toBe('linear');
    expect(chart.x.min).toBeLessThan(0.9524);
    expect(chart.x.max).toBeGreaterThan(1.03);
  });

  it('draws no value for a case that cannot be measured, and gives the reason', () => {
    const row = forestChart(ratioView(notMeasurable()))!.rows!.at(-1)!;
    expect(row).toMatchObject({ hollow: true, note: '16 reactors need 33 cores, this machine has 2' });
    expect(row.value).toBeUndefined();
    expect(forestChart(ratioView(interrupted()))!.rows!.at(-1)!.note).toBe('interrupted before it ran');
  });

  it('is hollow without an interval and where the generator was the bound', () => {
    const single = forestChart(ratioView(singleRound()))!.rows!.filter((row) => !row.heading);
    expect(single.every((row) => row.hollow && row.interval === undefined)).toBe(true);
    const bound = forestChart(ratioView(generatorBound()))!.rows!.filter((row) =>
      row.label.includes('generator-bound'),
    );
    expect(bound.length).toBeGreaterThan(0);
    expect(bound.every((row) => row.hollow)).toBe(true);
  });
});

describe('bars', () => {
  it('stand inside the outline of the limit, with every round as a dot', () => {
    const chart = barChart(throughputView(record).cases[0]!);
    const [limit, native] = chart.rows!;
    expect(limit!.bar!.outlineTo).toBeNull();
    expect(native!.bar!.outlineTo).toBe(limit!.value);
    expect(chart.series.map((line) => line.points.length)).toEqual([6, 6, 6, 6, 6]);
    expect(chart.x.min).toBe(0);
  });
});

describe('bars of arms that could not run', () => {
  it('have a hollow marker and the reason instead of a bar', () => {
    const without = structuredClone(record);
    without.cases.tcp!.absentArms = { 'rival:ws': 'the package ws is not installed' };
    const row = barChart(throughputView(without).cases[0]!).rows!.at(-1)!;
    expect(row).toEqual({
      label: 'ws',
      role: 'rival-2',
      hollow: true,
      note: 'the package ws is not installed',
    });
  });
});

describe('latency', () => {
  it('has both axes logarithmic and ends where samples end', () => {
    const view = latencyView(record).cases[0]!;
    const chart = latencyChart(view)!;
    expect([chart.x.scale, chart.y.scale]).toEqual(['log', 'log']);
    const samples = Math.max(...view.curves.map((curve) => curve.distribution!.samples));
    expect(chart.x.max).toBeLessThanOrEqual((samples / 10) * 1.03);
  });

  it('counts from the intended send time where there is one, and sets service time dashed beside it', () => {
    const view = latencyView(openLoop()).cases[0]!;
    const labels = latencyChart(view)!.series.map(({ label }) => label);
    expect(labels).toHaveLength(5);
    expect(labels.every((label) => label.endsWith(', response'))).toBe(true);
    expect(pairChart(view)!.series.map(({ label, style }) => [label, style])).toEqual([
      ['native, service', 'dashed'],
      ['native, response', 'line'],
      ['baseline, service', 'dashed'],
      ['baseline, response', 'line'],
    ]);
    expect(pairChart(latencyView(record).cases[0]!)).toBeNull();
  });
});

describe('over time', () => {
  const view = timelineView(record).cases[0]!;

  it('shades dropped blocks in panels and strips alike', () => {
    const causes = [
      { text: 'steal', blocks: [3, 4] },
      { text: 'pressure', blocks: [9] },
    ];
    const changed = { ...view, causes };
    const [panel, strips] = [panelChart(changed, view.panels[0]!), stripChart(changed)!];
    // Neighbours of one cause share its letter, which stands on the panels.
    expect(panel.bands).toEqual([
      { from: 3, to: 4, letter: 'a' },
      { from: 4, to: 5 },
      { from: 9, to: 10, letter: 'b' },
    ]);
    expect(strips.bands).toEqual(panel.bands!.map(({ from, to }) => ({ from, to })));
    for (const chart of [panel, strips]) expect([chart.x.min, chart.x.max]).toEqual([0, view.blockCount]);
  });

  it('has a strip for steal and one for pressure', () => {
    expect(stripChart(view)!.strips!.map((strip) => [strip.label, strip.values.length])).toEqual([
      ['steal', view.blockCount],
      ['CPU pressure', view.blockCount],
    ]);
    expect(stripChart({ ...view, strips: [] })).toBeNull();
  });
});
