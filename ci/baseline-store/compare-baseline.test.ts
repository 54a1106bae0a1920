import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import type { StoredRun } from './baseline-file.js';
import { addStoredComparisons, type CompareOptions, compareWithStored } from './compare-baseline.js';
import { metricOfRounds } from './ratio-estimate.js';
import { storedRunOf } from './stored-run.js';
import { caught } from './testing/caught.js';
import { sampleRecord, sampleRuns } from './testing/sample-record.js';

const TIGHT = [20, 20.1, 19.9, 20.05, 19.95];

const compare = (
  ratios: number[],
  ratio: number,
  changes: Partial<RunRecord> = {},
  options: CompareOptions = {},
) => compareWithStored('main', sampleRuns(ratios), storedRunOf(sampleRecord(ratio, changes)), options);
const throughput = (verdict: ReturnType<typeof compare>) =>
  verdict.comparisons.find((each) => each.metric === 'throughput_ops_per_s')!;

describe('with five stored runs or more', () => {
  it('fails for a slowdown above 5 % that is clear of the spread, and says so in words', () => {
    const verdict = compare(TIGHT, 18);
    expect(verdict.verdict).toBe('fail');
    expect(verdict.failures).toEqual([
      expect.stringMatching(
        /^tcp: throughput_ops_per_s is 11\.1 % slower \[.*\] than the stored baseline main, above the limit of 5 %$/,
      ),
    ]);
    expect(throughput(verdict).slowdownPercent).toBeCloseTo(11.1, 1);
    expect(throughput(verdict).ci95?.[1]).toBeLessThan(1);
  });

  it('lets pass a small slowdown, an improvement and no change', () => {
    for (const ratio of [19.2, 25, 20]) {
      expect(compare(TIGHT, ratio)).toMatchObject({ verdict: 'pass', failures: [], warnings: [] });
    }
  });

  it('lets pass a slowdown within the spread of the stored runs, and says so', () => {
    const verdict = compare([20, 26, 17, 23, 15], 17);
    expect(verdict.verdict).toBe('pass');
    expect(throughput(verdict).reason).toMatch(
      /above the limit of 5 %, but within what the 5 stored runs differ by/,
    );
  });

  it('is as sure as the run itself, widened by the spread', () => {
    const own = throughput(compare([20, 20, 20, 20, 20], 20)).ci95!;
    expect(own[0]).toBeCloseTo(0.99, 6);
    expect(own[1]).toBeCloseTo(1.01, 6);
    const widened = throughput(compare(TIGHT, 20)).ci95!;
    expect(widened[0]).toBeLessThan(own[0]);
    expect(widened[1]).toBeGreaterThan(own[1]);
  });

  it('fails nothing on what is only shown', () => {
    const p99 = compare(TIGHT, 18).comparisons.find((each) => each.metric === 'latency_ns_p99');
    expect(p99).toMatchObject({ limitPercent: null, verdict: 'pass' });
    expect(p99?.reason).toMatch(/it is shown, and not judged/);
  });

  it('judges by the limits it is given', () => {
    const limitOf = (limit: number | null): CompareOptions => ({ limitOf: () => limit });
    expect(compare(TIGHT, 18, {}, limitOf(50)).verdict).toBe('pass');
    expect(compare(TIGHT, 19.4, {}, limitOf(2)).verdict).toBe('fail');
    expect(compare(TIGHT, 18, {}, limitOf(null))).toMatchObject({
      verdict: 'warn',
      warnings: [expect.stringMatching(/nothing was there to be judged/)],
    });
  });

  it('takes the ratios of rounds as they come', () => {
    const cases = (rounds: number[]) => ({
      tcp: {
        parameters: { load: 'closed', depth: 1 },
        metrics: { throughput_ops_per_s: metricOfRounds(rounds) },
      },
    });
    const stored = sampleRuns(TIGHT);
    const rounds = [17.9, 18, 18.1, 18.05, 17.95, 18];
    const verdict = compareWithStored('main', stored, { cases: cases(rounds) });
    expect(verdict.verdict).toBe('fail');
    expect(compareWithStored('main', stored, { cases: cases(rounds) })).toEqual(verdict);
    expect(
      compareWithStored('main', stored, { cases: cases(rounds.map((each) => each * 1.1)) }).verdict,
    ).toBe('pass');
  });
});

describe('what cannot be judged only warns', () => {
  it('below five stored runs', () => {
    const verdict = compare(TIGHT.slice(0, 4), 18);
    expect(verdict).toMatchObject({ verdict: 'warn', failures: [] });
    expect(verdict.warnings.join('\n')).toMatch(/holds 4 comparable runs; it only warns below 5/);
    expect(verdict.warnings.join('\n')).toMatch(/11\.\d % slower .* it takes 5 stored runs, and there are 4/);
    expect(compare(TIGHT.slice(0, 1), 18).verdict).toBe('warn');
    expect(compare(TIGHT.slice(0, 4), 20).verdict).toBe('pass');
  });

  it('where five runs are stored, and fewer have the case', () => {
    const [first, ...others] = sampleRuns(TIGHT);
    const stored = [{ ...first, cases: {} }, ...others];
    const verdict = compareWithStored('main', stored, storedRunOf(sampleRecord(18)));
    expect(verdict).toMatchObject({ verdict: 'warn', failures: [] });
    expect(verdict.warnings.join()).toMatch(/it takes 5 stored runs, and there are 4/);
  });

  it('in a quick run', () => {
    const verdict = compare(TIGHT, 18, {}, { quick: true });
    expect(verdict).toMatchObject({ verdict: 'warn', failures: [] });
    expect(verdict.warnings.join()).toMatch(
      /a quick run is not judged.*|quick run is compared, but not judged/,
    );
  });

  it('without an interval of its own', () => {
    const comparisons = sampleRecord(10).comparisons.map((each) => ({ ...each, ci95: null }));
    const verdict = compare(TIGHT, 10, { comparisons });
    expect(verdict).toMatchObject({ verdict: 'warn', failures: [] });
    expect(verdict.warnings.join()).toMatch(/too few rounds for an interval/);
  });

  it('for another case, a metric that one of both lacks, and nothing at all', () => {
    const other = { tcp: { ...sampleRecord(1).cases.tcp, parameters: { load: 'closed', depth: 2 } } };
    const elsewhere = compare(TIGHT, 18, { cases: other });
    expect(elsewhere.verdict).toBe('warn');
    expect(elsewhere.warnings.join()).toMatch(/no such case with these parameters/);

    const cpu = { ...sampleRecord(20).comparisons[0], metric: 'cpu_ns_per_op' };
    const more = compare(TIGHT, 20, { comparisons: [...sampleRecord(20).comparisons, cpu] });
    expect(more.verdict).toBe('warn');
    expect(more.warnings.join()).toMatch(/the stored baseline main has no cpu_ns_per_op/);
    const less = compare(TIGHT, 20, { comparisons: [cpu] });
    expect(less.warnings.join()).toMatch(/this run has no throughput_ops_per_s/);

    const empty = compare(TIGHT, 18, { comparisons: [] });
    expect(empty.verdict).toBe('warn');
    expect(empty.warnings.join()).toMatch(/did not measure them: tcp/);
  });
});

it.each([Number.NaN, 0, Number.POSITIVE_INFINITY, -1])('never passes a ratio of %d', async (ratio) => {
  const candidate: Pick<StoredRun, 'cases'> = storedRunOf(sampleRecord(20));
  candidate.cases.tcp.metrics.throughput_ops_per_s.ratio = ratio;
  const refused = await caught(() => compareWithStored('main', sampleRuns(TIGHT), candidate));
  expect(refused.code).toBe('ERR_BASELINE_UNFIT');
  expect(refused.message).toContain(`throughput_ops_per_s: ${ratio} is no ratio`);
});

it('adds comparisons against the stored name to the record', () => {
  const current = sampleRecord(18);
  addStoredComparisons(current, compare(TIGHT, 18));
  expect(current.comparisons.filter((each) => each.against === 'stored:main')[0]).toEqual({
    case: 'tcp',
    metric: 'throughput_ops_per_s',
    arm: 'native',
    against: 'stored:main',
    ratio: expect.closeTo(0.9, 9),
    ci95: [expect.any(Number), expect.any(Number)],
    n: 10,
  });
});
