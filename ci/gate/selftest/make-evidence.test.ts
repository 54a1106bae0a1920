import { describe, expect, it } from 'vitest';
import type { EvidenceSeries, Finding } from './evidence.js';
import { evidencePage, evidenceText } from './evidence-text.js';
import { agrees, findingsOf, keeps, promiseAt, promisesWithin } from './findings.js';
import { makeEvidence, type ReadBank } from './make-evidence.js';
import { measuredSlowdown } from './measured-slowdown.js';
import { BANK_METRICS, sampleStretch } from './testing/sample-bank.js';

const bank = (file: string, ...stretches: ReadBank['stretches']): ReadBank => ({
  file,
  sha256: 'c'.repeat(64),
  stretches,
});
const aa = { series: { kind: 'aa', percent: null } } as const;
const spin = { series: { kind: 'spin', percent: 6 }, amount: 30 } as const;
const slowServer = { slowdown: [6, 6, 0, 0], deviation: 0.005 };
const BANKS = [
  bank(
    'bank-aa.ndjson',
    sampleStretch(aa, 80, { deviation: 0.005 }),
    sampleStretch(aa, 60, { slowdown: 1, deviation: 0.005 }, 2),
  ),
  bank('bank-spin.ndjson', sampleStretch(spin, 96, slowServer, 3)),
];

describe('the evidence of banks', () => {
  const evidence = makeEvidence(BANKS);
  const [equal, slow] = evidence.series;

  it('says what was measured of each series, with known answers', () => {
    expect(equal).toMatchObject({
      ...{ kind: 'aa', percent: null, stretches: 2, amounts: [] },
      invocations: { measured: 140, usable: 140, failed: 0, disturbed: 0 },
      drops: { blocks: 140 * 30, dropped: 0, causes: {} },
      ledger: { sent: 280_000, delivered: 280_000, lost: 0 },
    });
    expect(slow).toMatchObject({ kind: 'spin', percent: 6, amounts: [30], invocations: { usable: 96 } });
    const [rate, cpu, p50] = slow.metrics;
    for (const each of [rate, cpu]) {
      expect(each.targeted).toBe(true);
      expect(each.interval95?.[0]).toBeLessThan(6);
      expect(each.interval95?.[1]).toBeGreaterThan(6);
      expect(each.control).toMatchObject({ invocations: 24 });
    }
    expect(p50).toMatchObject({ targeted: false });
    expect(Math.abs(p50.slowdownPercent ?? 9)).toBeLessThan(0.5);
    // The stretches of equal builds lie 1 % apart, which is no noise of an invocation.
    expect(equal.metrics[0].deviationPercent).toBeGreaterThan(0.4);
    expect(equal.metrics[0].deviationPercent).toBeLessThan(0.6);
  });

  it('counts whole gates as measured, and replays apart from them', () => {
    expect(equal.wholeGates).toMatchObject({ gates: 11, pass: 11, fail: 0 });
    expect(equal.wholeGates.failShare95?.[0]).toBe(0);
    expect(slow.wholeGates).toMatchObject({ gates: 2, pass: 0, fail: 2 });
    expect(equal.replayedGates).toMatchObject([{ slowdownPercent: 0, gates: 400, pass: 400 }]);
    // 96 are fewer than the longest gate.
    expect(slow.replayedGates).toBeNull();
    expect(evidence.power.map(({ metric }) => metric)).toEqual(evidence.metrics.map(({ name }) => name));
    const [rate] = evidence.power;
    expect(rate).toMatchObject({ invocations: 140, stretches: 2 });
    expect(rate.points.map(({ slowdownPercent }) => slowdownPercent)).toEqual([0, 2, 3, 3.5, 4, 4.5, 5, 6]);
    expect(rate.points.map(({ fail }) => fail)).toEqual([
      0,
      0,
      0,
      0,
      expect.any(Number),
      expect.any(Number),
      400,
      400,
    ]);
  });

  it('says where the promise holds and what is missing', () => {
    // All as promised: too few whole gates to say that it holds, and enough replays.
    expect(evidence.findings.map(({ holds }) => holds)).toEqual([
      ...[null, null, true],
      ...BANK_METRICS.flatMap(() => [true, true]),
    ]);
    expect(evidence.findings[0].sentence).toContain('so few gates neither show nor refute');
    expect(evidence.findings[1].sentence).toMatch(
      /^spin 6 %, measured [56]\.\d\d % \[5\.\d\d, 6\.\d\d\] in .*: 2 whole gates: 0 pass, 2 fail.*at least 99 % failing was promised/,
    );
    expect(evidence.findings[2].sentence).toMatch(
      /^aa, replayed at 0 %, .*throughput\S*: 400 gates: 400 pass, 0 fail, 0 inconclusive \(failing 0\.0 to 0\.9 %\); at most 1 % failing was promised, which holds$/,
    );
    expect(evidence.wanted[0]).toEqual({
      kind: 'aa',
      percent: null,
      invocations: 600,
      usable: 140,
      missing: 460,
    });
    expect(evidence.wanted.find(({ kind }) => kind === 'lock')).toMatchObject({ usable: 0, missing: 72 });
  });

  it('says so where it does not hold', () => {
    // Builds that are called equal and differ by twice the limit.
    const { findings } = makeEvidence([bank('b', sampleStretch(aa, 108, { slowdown: 10 }))]);
    expect(findings[0]).toMatchObject({ holds: false, sentence: expect.stringContaining('does not hold') });
    expect(evidencePage({ ...evidence, findings })).toContain(`\n- BROKEN: ${findings[0].sentence}\n`);
  });

  it('is the same bytes for the same banks, and is shown whole on the page and in the terminal', () => {
    expect(JSON.stringify(makeEvidence(BANKS))).toBe(JSON.stringify(evidence));
    const page = evidencePage(evidence);
    expect(page).toContain('| aa | 2 | 140 | 140 | 0 | 0 of 4200 (0 %) |');
    expect(page).toContain('[bank-spin.ndjson](bank-spin.ndjson): 96 invocations in 1 stretches');
    for (const { holds, sentence } of evidence.findings) {
      expect(page).toContain(`\n- ${holds ? 'holds' : 'open'}: ${sentence}\n`);
    }
    for (const title of ['Whole gates', 'Replayed gates', 'Measured slowdown', 'Wanted and there']) {
      expect(page).toContain(`## ${title}`);
      expect(evidenceText(evidence)).toContain(`${title}:`);
    }
  });

  it('names the builds that were measured, and how', () => {
    const later = { ...aa, build: { commit: 'b'.repeat(40), dirty: true } };
    const mixed = makeEvidence([bank('b', sampleStretch(aa, 2), sampleStretch(later, 3))]);
    expect(mixed.builds.map(({ commit, invocations }) => [commit?.[0], invocations])).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
    const how = '15 blocks of four windows of 50 ms';
    expect(evidencePage(mixed)).toContain(
      `- ${'b'.repeat(12)}, changed, ${how}: 3 invocations in 1 stretches`,
    );
  });

  it('is there without banks, and refuses those of different metrics or blocks', () => {
    expect(evidencePage(makeEvidence([]))).toContain('Nothing was measured yet.');
    const other = sampleStretch({ ...aa, metrics: BANK_METRICS.slice(0, 1) }, 0);
    expect(() => makeEvidence([...BANKS, bank('other', other)])).toThrow(
      'bank-aa.ndjson and other gate different metrics',
    );
    const shorter = sampleStretch({ ...aa, windowMs: 30 }, 0);
    expect(() => makeEvidence([...BANKS, bank('other', shorter)])).toThrow(
      'bank-aa.ndjson and other measured 15 blocks of four windows of 50 ms and 15 blocks of four windows of 30 ms',
    );
  });
});

describe('the promise', () => {
  it('is none between 0.7 L and L', () => {
    expect([0, 0.7, 0.71, 0.99, 1, 1.2].map(promiseAt)).toEqual([
      'no fail',
      'no fail',
      'either',
      'either',
      'fail',
      'fail',
    ]);
  });

  it('is what it may be of each slowdown in an interval, and only a sure one can be broken', () => {
    expect(promisesWithin([0.5, 0.7])).toEqual(['no fail']);
    expect(promisesWithin([0.66, 0.76])).toEqual(['no fail', 'either']);
    expect(promisesWithin([0.72, 0.98])).toEqual(['either']);
    expect(promisesWithin([0.95, 1.05])).toEqual(['either', 'fail']);
    expect(promisesWithin([1, 1.05])).toEqual(['fail']);
    expect(promisesWithin([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])).toHaveLength(3);

    expect(keeps(['no fail'], 10, 20)).toBe(false);
    expect(keeps(['no fail', 'either'], 10, 20)).toBeNull();
    expect(keeps(['no fail', 'either'], 0, 400)).toBe(true);
    expect(keeps(['either'], 10, 20)).toBeNull();
    expect(keeps(['either', 'fail'], 10, 20)).toBeNull();
    expect(keeps(['either', 'fail'], 400, 400)).toBe(true);
    expect(keeps(['fail'], 10, 20)).toBe(false);
    expect(keeps(['no fail', 'either', 'fail'], 0, 400)).toBeNull();
  });

  it('of a replay is that of the slowdown it was shifted to', () => {
    const { series, metrics } = makeEvidence(BANKS);
    const [{ name: metric }] = metrics;
    const replayed = (slowdownPercent: number, fail: number): Finding => {
      const tally = { ...series[0].wholeGates, gates: 400, pass: 0, fail, inconclusive: 400 - fail };
      const replayedGates = [{ ...tally, metric, slowdownPercent }];
      return findingsOf([{ ...series[1], replayedGates }], [], metrics)[1];
    };
    expect(replayed(5, 400)).toMatchObject({ holds: true });
    expect(replayed(5, 391)).toMatchObject({
      holds: false,
      sentence: expect.stringMatching(
        /^spin 6 %, replayed at 5 %, .*: 0 pass, 391 fail, 9 inconclusive .*99 % failing was promised, which does not hold$/,
      ),
    });
    expect(replayed(3.5, 391)).toMatchObject({ holds: false });
    expect(replayed(4, 391)).toMatchObject({
      holds: null,
      sentence: expect.stringMatching(/nothing is promised$/),
    });
  });

  it('of a series goes by the intervals of all its metrics, and the sentence says which', () => {
    const { series, metrics } = makeEvidence(BANKS);
    const [rate, , p50] = metrics.map(({ name }) => name);
    const sentenceOf = (own: EvidenceSeries['metrics']): string =>
      findingsOf([{ ...series[1], metrics: own }], [], metrics)[0].sentence;
    const sentenceAt = (intervals: Record<string, [number, number]>): string =>
      sentenceOf(
        series[1].metrics.map((each) => {
          const interval95 = intervals[each.name] ?? [0, 0];
          return { ...each, slowdownPercent: (interval95[0] + interval95[1]) / 2, interval95 };
        }),
      );
    expect(sentenceAt({ [rate]: [3.3, 3.8] })).toMatch(
      /measured 3\.55 % \[3\.30, 3\.80\] in .*throughput.*; the slowdown may lie on either side of 0\.7 L, and these gates neither/,
    );
    expect(sentenceAt({ [rate]: [3.6, 4] })).toMatch(/; between 0\.7 L and L nothing is promised$/);
    expect(sentenceAt({ [rate]: [3.2, 3.4] })).toMatch(
      /at most 1 % failing was promised, which does not hold$/,
    );
    expect(sentenceAt({ [rate]: [3.2, 3.4], [p50]: [2, 4] })).toMatch(
      /\[3\.20, 3\.40\] in .*throughput\S* and up to 4\.00 % in .*latency_ns_p50: .*either side of 0\.7 L/,
    );
    const unknown = series[1].metrics.map((each) => ({ ...each, interval95: null }));
    expect(sentenceOf(unknown)).toMatch(
      /measured [56]\.\d\d % without an interval in .*either side of 0\.7 L and of L/,
    );
  });

  it.each([
    ['no fail', 0, 1, null],
    ['no fail', 0, 400, true],
    ['no fail', 1, 20, null],
    ['no fail', 3, 20, false],
    ['fail', 20, 20, null],
    ['fail', 400, 400, true],
    ['fail', 19, 20, null],
    ['fail', 15, 20, false],
    ['fail', 0, 0, null],
  ] as const)('of %s against %d failed of %d gives %s', (promise, failed, gates, answer) => {
    expect(agrees(promise, failed, gates)).toBe(answer);
  });
});

describe('a measured slowdown', () => {
  it('has no interval from fewer invocations than show 95 %, and nothing from none', () => {
    expect(measuredSlowdown([[0.01, 0.02]])).toMatchObject({ invocations: 2, interval95: null });
    expect(measuredSlowdown([[]])).toEqual({
      ...{ invocations: 0, slowdownPercent: null, interval95: null, deviationPercent: null },
    });
    const { slowdownPercent, interval95 } = measuredSlowdown([
      [1, 2, 3, 4, 5, 6].map((each) => each / 1_000),
    ]);
    expect(slowdownPercent).toBeCloseTo(0.350_6, 3);
    expect(interval95).toEqual([expect.closeTo(0.1, 2), expect.closeTo(0.602, 2)]);
  });
});
