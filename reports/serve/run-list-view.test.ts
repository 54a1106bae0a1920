import { describe, expect, it } from 'vitest';
import { fixtureRecord } from '../testing/record-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import type { RunEntry } from './run-folder.js';
import { runListView } from './run-list-view.js';
import { summaryOf } from './run-summary.js';
import { sparkline } from './sparkline.js';

const record = fixtureRecord({ rounds: 5, blocksPerRound: 4 });
const run = (day: number, factor: number): RunEntry => {
  const changed = structuredClone(record);
  changed.startedAt = `2026-03-${day}T09:00:00.000Z`;
  changed.finishedAt = `2026-03-${day}T09:09:20.000Z`;
  for (const row of changed.comparisons) row.ratio *= factor;
  return { name: `run-${day}`, summary: summaryOf(changed) };
};

describe('list of runs', () => {
  it('follows each leading ratio from run to run, the oldest first', () => {
    const view = runListView({ entries: [run(16, 2), run(15, 0.5), run(14, 1)], left: 0 }, '/runs');
    expect(view.sentence).toBe('3 runs of 1 scenario, the newest first.');
    const [scenario] = view.scenarios;
    expect(scenario!.sentence).toContain('3 runs from 2026-03-14 to 2026-03-16');
    const course = scenario!.courses.find(({ label }) => label === 'throughput against baseline, tcp')!;
    expect(course.change).toBe('2.00×');
    const heights = course.line.points.split(' ').map((point) => Number(point.split(',')[1]));
    expect(heights[1]!).toBeGreaterThan(heights[0]!);
    expect(heights[2]!).toBeLessThan(heights[0]!);
  });

  it('has no course of a single run, and absolute figures of a soak under their name', () => {
    expect(runListView({ entries: [run(14, 1)], left: 0 }, '/runs').scenarios).toEqual([]);
    const soak = (name: string): RunEntry => ({ name, summary: summaryOf(soakFixture()) });
    const [scenario] = runListView({ entries: [soak('b'), soak('a')], left: 0 }, '/runs').scenarios;
    expect(scenario!.sentence).toContain('Absolute figures: they differ');
  });

  it('shows what cannot be read with its reason, and says how many are left out', () => {
    const view = runListView(
      { entries: [run(14, 1), { name: 'x', problem: 'x: not JSON' }], left: 3 },
      '/runs',
    );
    expect(view.sentence).toContain('1 cannot be read; 3 older ones beyond the 200 listed are left out');
    const broken = view.table!.rows[1]!;
    expect(broken.cells.map(({ text }) => text)).toContain('x: not JSON');
    expect(broken.head.href).toBeUndefined();
    expect(runListView({ entries: [], left: 0 }, '/runs')).toMatchObject({ table: null, scenarios: [] });
  });
});

describe('sparkline', () => {
  it('draws halving and doubling equally high, and what hardly moves almost flat', () => {
    const y = (values: number[]) =>
      sparkline(values)
        .points.split(' ')
        .map((point) => Number(point.split(',')[1]));
    const [middle, low, high] = y([1, 0.5, 2]);
    expect(middle! - high!).toBeCloseTo(low! - middle!, 1);
    const [first, second] = y([1, 1.001]);
    expect(Math.abs(first! - second!)).toBeLessThan(1);
    expect(sparkline([3]).points).not.toContain('NaN');
  });
});
