import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { parseRecord } from '../record-file/read-record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import { indexView } from './index-view.js';
import type { Entry } from './listing.js';
import { runListView } from './run-list-view.js';
import { type RunSummary, summaryOf } from './run-summary.js';
import { sparkline } from './sparkline.js';

const record = fixtureRecord({ rounds: 5, blocksPerRound: 4 });
const run = (day: number, factor: number, changes: Partial<RunRecord> = {}): Entry<RunSummary> => {
  const changed = structuredClone({ ...record, ...changes });
  changed.startedAt = `2026-03-${day}T09:00:00.000Z`;
  changed.finishedAt = `2026-03-${day}T09:09:20.000Z`;
  for (const row of changed.comparisons) row.ratio *= factor;
  return { name: `run-${day}`, summary: summaryOf(changed) };
};
const QUICK = { options: { quick: true } };

describe('list of runs', () => {
  it('follows each leading ratio from run to run, the oldest first', () => {
    const view = runListView({ entries: [run(16, 2), run(15, 0.5), run(14, 1)], left: 0 });
    expect(view.sentence).toBe('3 runs of 1 scenario, the newest first.');
    const [scenario] = view.scenarios;
    expect(scenario!.sentence).toContain(
      '3 of 3 runs, all of one machine and one version of the scenario, from 2026-03-14 to 2026-03-16',
    );
    expect(scenario!.note).toBeNull();
    const course = scenario!.courses.find(({ label }) => label === 'throughput against baseline, tcp')!;
    expect(course.change).toBe('2.00×');
    const heights = course.line.points.split(' ').map((point) => Number(point.split(',')[1]));
    expect(heights[1]!).toBeGreaterThan(heights[0]!);
    expect(heights[2]!).toBeLessThan(heights[0]!);
  });

  it('draws no run that cannot be compared, lists it with the reason, and says how many there are', () => {
    const moved = { machine: { ...record.machine, fingerprint: 'another' } };
    const entries = [run(17, 9, QUICK), run(16, 2), run(15, 9, moved), run(14, 1), run(13, 9, QUICK)];
    const { scenarios, table } = runListView({ entries, left: 0 });
    const [scenario] = scenarios;
    expect(scenario!.sentence).toContain('2 of 5 runs');
    expect(scenario!.note).toBe('Not drawn: 2 quick, 1 of another machine.');
    const course = scenario!.courses.find(({ label }) => label === 'throughput against baseline, tcp')!;
    expect(course).toMatchObject({ change: '2.00×', runs: 2 });
    expect(course.line.points.split(' ')).toHaveLength(2);
    expect(table!.rows[0]!.cells.map(({ text }) => text)).toContain('9f2c41e7b06d');
    expect(table!.rows.map(({ cells }) => cells[0]!.detail)).toEqual([
      ...['quick', undefined, 'of another machine', undefined, 'quick'],
    ]);
  });

  it('says so where no two runs of a scenario can be compared', () => {
    const { scenarios } = runListView({ entries: [run(15, 1, QUICK), run(14, 1, QUICK)], left: 0 });
    expect(scenarios).toMatchObject([
      { sentence: 'No course: of 2 runs no two can be compared.', note: 'Not drawn: 2 quick.', courses: [] },
    ]);
  });

  it('has no course of a single run, and absolute figures of a soak under their name', () => {
    expect(runListView({ entries: [run(14, 1)], left: 0 }).scenarios).toEqual([]);
    const whole = soakFixture();
    whole.soak!.plant = null;
    const soak = (name: string): Entry<RunSummary> => ({ name, summary: summaryOf(whole) });
    const [scenario] = runListView({ entries: [soak('b'), soak('a')], left: 0 }).scenarios;
    expect(scenario!.sentence).toContain('Absolute figures: they differ');
  });

  it('shows what cannot be read with its reason and the page beside it, and says how many are left out', () => {
    const view = runListView({
      entries: [
        run(14, 1),
        { name: 'x', problem: 'x: not JSON', hasPage: false },
        { name: 'y', problem: 'y/record.json: 40 MiB', hasPage: true },
      ],
      left: 3,
    });
    expect(view.sentence).toContain('2 cannot be read; 3 older ones beyond the 200 listed are left out');
    const [, broken, large] = view.table!.rows;
    expect(broken!.cells.map(({ text }) => text)).toContain('x: not JSON');
    expect([broken!.head, ...broken!.cells].filter(({ href }) => href !== undefined)).toEqual([]);
    expect(large!.cells.at(-1)).toMatchObject({ text: 'y', href: '/runs/y/report.html' });
    expect(runListView({ entries: [], left: 0 })).toMatchObject({ table: null, scenarios: [] });
  });

  it('bears names that every object has', () => {
    const named = structuredClone(record);
    const [body] = Object.values(named.cases);
    named.scenario = 'constructor';
    named.cases = { constructor: body! } as unknown as RunRecord['cases'];
    named.comparisons = [
      { ...named.comparisons[0]!, case: 'constructor' },
      { ...named.comparisons[0]!, case: 'toString', metric: 'valueOf' },
    ];
    const read = parseRecord(JSON.stringify(named), 'record.json');
    const entry = (name: string) => ({ name, summary: summaryOf(read) });
    const { scenarios } = runListView({ entries: [entry('__proto__'), entry('hasOwnProperty')], left: 0 });
    expect(scenarios).toMatchObject([{ scenario: 'constructor' }]);
    expect(scenarios[0]!.courses.length).toBeGreaterThan(0);
  });
});

describe('index', () => {
  it('counts both kinds and leads to each section', () => {
    const runs = { entries: [run(15, 1), run(14, 1)], left: 0 };
    const view = indexView(runs, { entries: [], left: 0 }, '/runs');
    expect(view.sentence).toBe('2 runs and 0 gates. Each date leads to a report.');
    expect(view.places).toEqual([
      { id: 'runs', text: 'Runs' },
      { id: 'gates', text: 'Gates' },
      { id: 'scenario-1', text: 'Course of concurrent-1k' },
    ]);
    expect(view.scenarios[0]!.id).toBe('scenario-1');
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
