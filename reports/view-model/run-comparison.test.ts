import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { comparisonChart } from '../charts/comparison-chart.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { interrupted, singleRound } from '../testing/record-variants.js';
import { reportModel } from './report-view.js';
import { runComparison } from './run-comparison.js';

const old = fixtureRecord({ rounds: 10, blocksPerRound: 4 });

/** Later, and slower or faster against the baseline by a factor in one metric. */
function later(factor: number, change: Partial<RunRecord> = {}): RunRecord {
  const record = structuredClone(old);
  for (const row of record.comparisons) {
    if (row.arm !== 'native' || row.metric !== 'throughput_ops_per_s' || row.against !== 'baseline') continue;
    row.ratio *= factor;
    row.ci95 = row.ci95 && [row.ci95[0] * factor, row.ci95[1] * factor];
  }
  return {
    ...record,
    startedAt: '2026-04-01T08:00:00.000Z',
    finishedAt: '2026-04-01T08:09:00.000Z',
    ...change,
  };
}

describe('comparison of two runs', () => {
  it('puts what differs first and says what its intervals are of', () => {
    const view = runComparison(old, later(0.5));
    expect(view.rows.slice(0, 3).map(({ metric, against, finding }) => [metric, against, finding])).toEqual(
      Array.from({ length: 3 }, () => ['throughput_ops_per_s', 'baseline', 'differs']),
    );
    expect(view.rows[0]!.quotient.ratio).toBeCloseTo(0.5, 10);
    expect(view.sentence).toMatch(/, 3 differ between these two runs; about \d+ would by chance alone\./);
    expect(view.sentence).toContain('These intervals hold for these two runs only');
    expect(view.sentence).toContain('two runs of one build, on different days, differ by more');
    expect(view.sentence).toContain('builds are judged by npm run gate');
  });

  it.each([0.5, 2])('has no word, colour or line of a verdict, a factor of %d apart', (factor) => {
    const { rows, sentence, table } = runComparison(old, later(factor));
    const [first] = table.rows;
    expect(first!.cells.at(-1)).toEqual({ text: '≠ differs (these two runs)', kind: 'word' });
    const findings = [...table.rows, ...table.footer].map(({ cells }) => cells.at(-1)!);
    expect(findings.filter(({ state }) => state !== undefined && state !== 'muted')).toEqual([]);
    const words = [
      table.caption,
      ...findings.map(({ text }) => text),
      sentence.split(' These intervals')[0]!,
    ];
    expect(words.join('\n')).not.toMatch(/better|worse|faster|slower|significant|improved|regress/i);
    expect(comparisonChart(rows, [])!.rules!.map(({ at }) => at)).toEqual([1]);
    expect(comparisonChart(rows, [])!.x.title).toContain('these two runs only');
  });

  it('shows no difference between a run and itself', () => {
    const view = runComparison(old, later(1));
    expect(
      view.rows.every(({ finding, quotient }) => finding === 'no difference shown' && quotient.ratio === 1),
    ).toBe(true);
  });

  it('does not compare absolute figures: a machine twice as fast changes nothing', () => {
    const faster = later(1);
    for (const { arms } of Object.values(faster.cases)) {
      for (const { metrics } of Object.values(arms)) metrics.throughput_ops_per_s!.value *= 2;
    }
    const view = runComparison(old, faster);
    expect(view.rows.some(({ finding }) => finding === 'differs')).toBe(false);
    expect(view.absolute.rows[0]!.cells.at(-1)!.text).toBe('2.00×');
    expect(view.absolute.caption).toContain('differ with the machine and the day');
  });

  it('has a geometric mean per metric and opponent over the cases', () => {
    const { table } = runComparison(old, later(0.5));
    const mean = table.footer.find(
      ({ cells }) => cells[0]!.text === 'throughput' && cells[1]!.text === 'baseline',
    )!;
    expect(mean.head.text).toBe('Geometric mean of 3 rows');
    expect(mean.cells[6]!.text).toBe('0.500×');
  });

  it('finds nothing without intervals, and names other machines, yardsticks and unfinished runs', () => {
    expect(runComparison(singleRound(), later(1)).sentence).toContain(
      'none with an interval in both runs, so that none is shown to differ',
    );
    const elsewhere = later(1, {
      machine: { ...old.machine, fingerprint: 'another' },
      build: { ...old.build, baselineHash: 'another' },
      scenarioHash: 'another',
    });
    const cautions = runComparison(interrupted(), elsewhere).cautions.join('\n');
    for (const words of [
      'different machines',
      'scenario was changed',
      'two yardsticks',
      'old run was interrupted',
    ]) {
      expect(cautions).toContain(words);
    }
  });

  it('leaves stored baselines and what only one run has out', () => {
    const stored = later(1);
    stored.comparisons.push({ ...stored.comparisons[0]!, against: 'stored:main' });
    stored.comparisons = stored.comparisons.filter((row) => row.case !== 'tcp');
    const { rows } = runComparison(old, stored);
    expect(rows.some(({ against, caseName }) => against.startsWith('stored:') || caseName === 'tcp')).toBe(
      false,
    );
    const nothing = runComparison({ ...old, comparisons: [] }, later(1));
    expect(nothing.sentence).toContain('share no ratio');
    expect(comparisonChart(nothing.rows, [])).toBeNull();
  });
});

describe('a page of several runs', () => {
  it('groups them by scenario, the oldest first, whatever the order given', () => {
    const other = { ...later(1), scenario: 'order-flow' };
    const { view, charts } = reportModel([later(0.5), other, old]);
    expect(view.groups.map(({ heading, runs }) => [heading, runs.map(({ id }) => id)])).toEqual([
      ['concurrent-1k: 2 runs', ['run-3', 'run-1']],
      ['order-flow', ['run-2']],
    ]);
    expect(view.overview!.table.rows).toHaveLength(3);
    expect(view.groups[0]!.comparisons.map(({ id }) => id)).toEqual(['run-3-run-1-new-against-old']);
    expect(charts['run-3-run-1-change']).toMatchObject({ kind: 'rows' });
    expect(view.groups[1]!.comparisons).toEqual([]);
  });
});
