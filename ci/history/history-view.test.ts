import { describe, expect, it } from 'vitest';
import { createRandom } from '../../scenarios/harness/statistics/random.js';
import type { Promotion } from '../baseline-store/promotion-history.js';
import type { HistoryLine } from './history-line.js';
import { historyView } from './history-view.js';
import { commitOf, OTHER_MACHINE, SAMPLE_MACHINE, sampleLine } from './testing/sample-lines.js';

/** Noise of 0.4 % at most, the same at every run. */
const wobble = (day: number): number =>
  1 + 0.004 * (createRandom(3).fork(String(day)).below(2_001) / 1_000 - 1);

function days(count: number, of: (day: number) => Partial<HistoryLine>): HistoryLine[] {
  return Array.from({ length: count }, (_, index) => sampleLine(index + 1, of(index + 1)));
}

function only(lines: readonly HistoryLine[], promotions: readonly Promotion[] = [], last = 100) {
  const { series } = historyView(lines, promotions, { last });
  expect(series).toHaveLength(1);
  return series[0];
}

describe('steps in the history', () => {
  it('are found at the commit that made them, and told as slower or faster', () => {
    const throughput = days(24, (day) => ({ valueCandidate: 400_000 * wobble(day) * (day < 13 ? 1 : 0.92) }));
    const [step, ...others] = only(throughput).changePoints;
    expect(others).toEqual([]);
    expect(step).toMatchObject({ index: 12, commit: commitOf(13), at: throughput[12].at });
    expect(step.slowdownPercent).toBeCloseTo(100 * (1 / 0.92 - 1), 0);
    expect([step.before, step.after].map((value) => Math.round(value / 1_000))).toEqual([400, 368]);
    const latency = throughput.map((line) => ({
      ...line,
      metric: 'latency_ns_p50',
      better: 'lower' as const,
    }));
    expect(only(latency).changePoints[0].slowdownPercent).toBeCloseTo(-8, 0);
  });

  it('are not seen in values that only wobble, nor where a counter stays', () => {
    expect(only(days(30, (day) => ({ valueCandidate: wobble(day) }))).changePoints).toEqual([]);
    expect(only(days(30, () => ({ valueCandidate: 0 }))).changePoints).toEqual([]);
  });

  it('from nothing to something have no quotient', () => {
    const counted = days(20, (day) => ({ valueCandidate: day < 11 ? 0 : 2, better: 'lower' }));
    expect(only(counted).changePoints).toMatchObject([
      { index: 10, before: 0, after: 2, slowdownPercent: null },
    ]);
  });

  it('are no change of machine', () => {
    const moved = days(24, (day) => ({
      valueCandidate: 400_000 * wobble(day) * (day < 13 ? 1 : 0.6),
      machine: day < 13 ? SAMPLE_MACHINE : OTHER_MACHINE,
    }));
    const { changePoints, machineChanges } = only(moved);
    expect(changePoints).toEqual([]);
    expect(machineChanges).toEqual([
      { index: 12, at: moved[12].at, from: SAMPLE_MACHINE, to: OTHER_MACHINE },
    ]);
  });

  it('are found on machines that take turns, each against its own past', () => {
    const turns = days(40, (day) => ({
      valueCandidate: 400_000 * wobble(day) * (day % 2 === 0 ? 1 : 0.6) * (day < 21 ? 1 : 0.9),
      machine: day % 2 === 0 ? SAMPLE_MACHINE : OTHER_MACHINE,
    }));
    const { changePoints, machineChanges } = only(turns);
    expect(changePoints.map(({ index }) => index)).toEqual([20, 21]);
    expect(machineChanges).toHaveLength(39);
  });

  it('are not taken over by a new major version of Node.js, while a patch is the same machine', () => {
    const versions = ['20.17.0', '20.18.1', '22.1.0'];
    const lines = days(3, (day) => ({ machine: { ...SAMPLE_MACHINE, node: versions[day - 1] } }));
    expect(only(lines).machineChanges.map(({ index }) => index)).toEqual([2]);
  });

  it('are sought in the newest points alone, gates without a figure left out', () => {
    const lines = days(30, (day) => ({
      valueCandidate: day === 29 ? null : wobble(day) * (day < 11 ? 1 : 0.9),
    }));
    const { points, omitted, changePoints } = only(lines, [], 18);
    expect({ points: points.length, omitted }).toEqual({ points: 18, omitted: 12 });
    expect(changePoints).toEqual([]);
  });
});

describe('the view of the history', () => {
  it('has a series for each case, metric and unit that is wanted, and counts all gates', () => {
    const lines = [
      sampleLine(1),
      sampleLine(1, { metric: 'cpu_ns_per_op' }),
      sampleLine(2, { unit: 'ratio' }),
      sampleLine(3, { case: null, metric: null }),
    ];
    const wanted = (_case: string, metric: string): boolean => metric.startsWith('throughput');
    const { gates, series } = historyView(lines, [], { last: 9, wanted });
    expect(gates).toBe(3);
    expect(series.map(({ unit }) => unit)).toEqual(['operations/s', 'ratio']);
  });

  it('has the promotions of its time, before the first gate that came after each', () => {
    const promotion = (day: number, acceptedRegression: string | null): Promotion => ({
      ...{ schema: 'msgtrans.promotion/1', at: new Date(Date.UTC(2024, 0, day, 13)).toISOString() },
      ...{ name: 'main', commit: commitOf(day), against: null, speed: 1, acceptedRegression },
    });
    const lines = days(5, () => ({}));
    const promotions = [promotion(-3, null), promotion(2, null), promotion(9, 'safer')];
    expect(only(lines, promotions).promotions).toMatchObject([
      { index: 2, commit: commitOf(2), acceptedRegression: null },
      { index: 5, acceptedRegression: 'safer' },
    ]);
  });

  it('is the same for the same lines', () => {
    const lines = days(24, (day) => ({ valueCandidate: wobble(day) * (day < 13 ? 1 : 0.9) }));
    expect(only(lines)).toEqual(only(lines));
  });
});
