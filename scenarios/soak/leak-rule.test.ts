import { describe, expect, it } from 'vitest';
import { createRandom } from '../harness/statistics/random.js';
import type { JudgedGauge } from './gauge-catalogue.js';
import { type GaugeLife, judgeLeaks } from './leak-rule.js';

/** Series as a soak would sample them, made in no time: one trough each 15 seconds. */

interface Shape {
  minutes: number;
  startSeconds?: number;
  seed?: number;
  operationsPerSecond?: number;
  /** Bytes or pieces per second by gauge. */
  leaks?: Partial<Record<JudgedGauge | 'rssBytes', number>>;
  /** Further growth that ends after four minutes. */
  warmupBytes?: number;
  /** How far the heap jumps about. */
  jumpBytes?: number;
}

function life(shape: Shape): GaugeLife {
  const { minutes, startSeconds = 0, seed = 1, operationsPerSecond = 4000, leaks = {} } = shape;
  const random = createRandom(seed);
  const uniform = (spread: number): number => (random.below(2 ** 20) / 2 ** 20 - 0.5) * spread;
  const result = { atSeconds: [] as number[], operations: [] as number[] };
  const gauges: Record<string, number[]> = {};
  let wander = 0;
  for (let at = 15; at <= minutes * 60; at += 15) {
    result.atSeconds.push(startSeconds + at);
    result.operations.push(at * operationsPerSecond);
    // Part of what is on the heap was there at the last look, too.
    wander = 0.5 * wander + uniform(shape.jumpBytes ?? 60_000);
    const warm = (shape.warmupBytes ?? 0) * Math.min(1, at / 240);
    const bases = {
      heapUsedBytes: 9e6 + warm + wander,
      mallocBytes: 20e6 + warm + uniform(100_000),
      slicesLent: 3 + Math.round(uniform(2.4)),
      descriptors: 230 + Math.round(uniform(6)),
      sessionsOpen: 200 + Math.round(uniform(6)),
      rssBytes: 90e6 + warm + uniform(2e6),
    };
    for (const [gauge, base] of Object.entries(bases)) {
      gauges[gauge] ??= [];
      gauges[gauge].push(base + Math.floor((leaks[gauge as JudgedGauge] ?? 0) * at));
    }
  }
  return { startSeconds, ...result, gauges };
}

const verdicts = (findings: ReturnType<typeof judgeLeaks>) =>
  Object.fromEntries(findings.map(({ gauge, verdict }) => [gauge, verdict]));
const CLEAN = {
  heapUsedBytes: 'clean',
  mallocBytes: 'clean',
  slicesLent: 'clean',
  descriptors: 'clean',
  sessionsOpen: 'clean',
};
const BASELINE = [life({ minutes: 60, seed: 99, operationsPerSecond: 400 })];

describe('judgeLeaks', () => {
  it.each([
    ['heapUsedBytes', 1024],
    ['mallocBytes', 1024],
    // Payloads of 8 KB, one in 8 seconds.
    ['slicesLent', 1 / 8],
    ['descriptors', 1 / 20],
    ['sessionsOpen', 1 / 20],
  ] as const)('names %s, and nothing else, within 20 minutes', (gauge, perSecond) => {
    const arm = [life({ minutes: 20, leaks: { [gauge]: perSecond } })];
    expect(verdicts(judgeLeaks(arm, BASELINE))).toEqual({ ...CLEAN, [gauge]: 'leak', rssBytes: 'too-short' });
  });

  it('raises no alarm in a clean hour, whatever the noise', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const findings = judgeLeaks([life({ minutes: 60, seed, warmupBytes: 4e6 })], BASELINE);
      expect(verdicts(findings)).toEqual({ ...CLEAN, rssBytes: 'too-short' });
    }
  });

  it('lets pass what rises by less than 256 bytes a second, however sure it is of it', () => {
    const [heap] = judgeLeaks([life({ minutes: 600, leaks: { heapUsedBytes: 200 } })], []);
    expect(heap.pRising).toBeLessThan(1e-9);
    expect(heap.verdict).toBe('clean');
  });

  it('takes no slope of mere noise for a leak, however steep', () => {
    const heaps = Array.from({ length: 8 }, (_, seed) => life({ minutes: 20, seed, jumpBytes: 20e6 }));
    const findings = heaps.map((heap) => judgeLeaks([heap], [])[0]);
    expect(findings.some(({ slopeBytesPerSecond }) => (slopeBytesPerSecond ?? 0) > 256)).toBe(true);
    expect(findings.every(({ verdict }) => verdict === 'clean')).toBe(true);
  });

  it('lets pass what the baseline shows for as many operations, and not what goes beyond it', () => {
    const baseline = [
      life({ minutes: 300, seed: 5, operationsPerSecond: 400, leaks: { heapUsedBytes: 100 } }),
    ];
    const like = judgeLeaks([life({ minutes: 60, leaks: { heapUsedBytes: 900 } })], baseline)[0];
    const more = judgeLeaks([life({ minutes: 60, leaks: { heapUsedBytes: 1200 } })], baseline)[0];
    expect(like.baselineBytesPerSecond).toBeGreaterThan(900);
    expect(like.baselineBytesPerSecond).toBeLessThan(1100);
    expect([like.verdict, more.verdict]).toEqual(['clean', 'leak']);
  });

  it('excuses nothing by what the baseline does before it is as warm as the arm was', () => {
    const young = [life({ minutes: 20, seed: 5, operationsPerSecond: 400, leaks: { heapUsedBytes: 300 } })];
    const heap = judgeLeaks([life({ minutes: 20, leaks: { heapUsedBytes: 1024 } })], young)[0];
    expect([heap.verdict, heap.baselineBytesPerSecond]).toEqual(['leak', null]);
  });

  it('takes two lives of a process for what they are', () => {
    const second = life({ minutes: 30, startSeconds: 2000, seed: 2 });
    const raised = second.gauges.heapUsedBytes.map((value) => (value ?? 0) + 5e6);
    const arm = [life({ minutes: 30 }), { ...second, gauges: { ...second.gauges, heapUsedBytes: raised } }];
    expect(verdicts(judgeLeaks(arm, BASELINE))).toMatchObject(CLEAN);
    const leaking = [
      life({ minutes: 30, leaks: { mallocBytes: 1024 } }),
      life({ minutes: 30, startSeconds: 2000, seed: 2, leaks: { mallocBytes: 1024 } }),
    ];
    expect(verdicts(judgeLeaks(leaking, BASELINE))).toMatchObject({ ...CLEAN, mallocBytes: 'leak' });
  });

  it('says when there was too little to judge, and what it could have found', () => {
    const findings = judgeLeaks([life({ minutes: 5, leaks: { heapUsedBytes: 1e6 } })], []);
    expect(findings.every(({ verdict }) => verdict === 'too-short')).toBe(true);
    for (const finding of findings) expect(finding.detectableBytesPerSecond).toBeGreaterThanOrEqual(256);
    // The longer it looks, the smaller the leak it finds.
    const [heap, malloc] = judgeLeaks([life({ minutes: 600 })], []);
    expect(heap.detectableBytesPerSecond).toBeLessThan(findings[0].detectableBytesPerSecond as number);
    expect(malloc.detectableBytesPerSecond).toBeLessThan(300);
  });

  it('fails resident memory above a megabyte an hour, and only after six hours', () => {
    const perHour = (megabytes: number) => ({ rssBytes: (megabytes * 1024 * 1024) / 3600 });
    const rss = (shape: Shape) => judgeLeaks([life(shape)], []).at(-1);
    expect(rss({ minutes: 420, leaks: perHour(2) })?.verdict).toBe('leak');
    expect(rss({ minutes: 420, leaks: perHour(0.8) })?.verdict).toBe('clean');
    expect(rss({ minutes: 300, leaks: perHour(20) })?.verdict).toBe('too-short');
  });

  it('judges nothing that an arm does not have', () => {
    const without = life({ minutes: 30 });
    const { slicesLent: _, ...gauges } = without.gauges;
    const slices = judgeLeaks([{ ...without, gauges }], [])[2];
    expect(slices).toMatchObject({ gauge: 'slicesLent', verdict: 'absent', troughs: 0 });
    expect(judgeLeaks([], [])[0].verdict).toBe('absent');
    // One look is no series, but the gauge is there.
    const once = { ...without, atSeconds: [15], operations: [1], gauges: { heapUsedBytes: [1e6] } };
    expect(
      judgeLeaks([once], [])
        .map(({ verdict }) => verdict)
        .slice(0, 2),
    ).toEqual(['too-short', 'absent']);
  });
});
