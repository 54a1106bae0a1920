import type { ArmRecord, LeakRecord, RunRecord, SeriesRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from './record-fixture.js';
import { seededRandom } from './seeded-random.js';

/** A soak of four hours that was killed in the second and went on twenty minutes later, with a leak in its heap. */

const HOUR = 3600;
export const SOAK_GAP = {
  fromSeconds: 1.5 * HOUR,
  toSeconds: 1.5 * HOUR + 1200,
  reason: 'the run was killed',
};
const END = 4 * HOUR + 1200;
const LIVES = [
  { startSeconds: 0, endSeconds: SOAK_GAP.fromSeconds },
  { startSeconds: SOAK_GAP.toSeconds, endSeconds: END },
];

function series(
  unit: string,
  seed: number,
  at: (secondsOfLife: number, noise: number) => number,
): SeriesRecord {
  const random = seededRandom(seed);
  const result: SeriesRecord = { unit, atNs: [], values: [], low: [], high: [] };
  for (const { startSeconds, endSeconds } of LIVES) {
    for (let seconds = startSeconds + 60; seconds <= endSeconds; seconds += 60) {
      const value = at(seconds - startSeconds, random() - 0.5);
      result.atNs.push(seconds * 1e9);
      result.values.push(value);
      result.low!.push(value * 0.99);
      result.high!.push(value * 1.01);
    }
  }
  return result;
}

function armSeries(share: number, leak: number, seed: number): ArmRecord['series'] {
  return {
    throughput_ops_per_s: series('operations/s', seed, (_, noise) => share * 2500 * (1 + noise / 20)),
    latency_ns_p50: series('ns', seed + 1, (_, noise) => 4e5 * (1 + noise / 5)),
    latency_ns_p99: series('ns', seed + 2, (_, noise) => 6e6 * (1 + noise)),
    loopDelayP99Ns: series('ns', seed + 3, (_, noise) => 1.2e7 * (1 + noise / 4)),
    heapUsedBytes: series('bytes', seed + 4, (at, noise) => 9e6 + leak * at + noise * 1e5),
    mallocBytes: series('bytes', seed + 5, (_, noise) => 2.2e7 + noise * 2e5),
    descriptors: series('descriptors', seed + 6, () => 30 + share * 200),
  };
}

function leak(gauge: string, label: string, changes: Partial<LeakRecord> = {}): LeakRecord {
  return {
    gauge,
    label,
    verdict: 'clean',
    slopeBytesPerSecond: 3,
    baselineBytesPerSecond: null,
    pRising: 0.31,
    troughs: 330,
    judgedSeconds: 13_800,
    detectableBytesPerSecond: 270,
    sinceSeconds: null,
    ...changes,
  };
}

const HEAP = 'JavaScript heap after collection';

function leaks(found: boolean): LeakRecord[] {
  const heap = { verdict: 'leak', slopeBytesPerSecond: 1030, pRising: 1e-9, sinceSeconds: 1140 } as const;
  return [
    leak('heapUsedBytes', HEAP, found ? heap : {}),
    leak('mallocBytes', 'memory in use by malloc', {
      slopeBytesPerSecond: -8,
      detectableBytesPerSecond: 310,
    }),
    leak('slicesLent', 'pool slices lent', {
      verdict: 'absent',
      slopeBytesPerSecond: null,
      pRising: null,
      detectableBytesPerSecond: null,
      troughs: 0,
    }),
    leak('descriptors', 'open descriptors', { slopeBytesPerSecond: 0 }),
    leak('rssBytes', 'resident memory', { verdict: 'too-short' }),
  ];
}

export function soakFixture(): RunRecord {
  const record = fixtureRecord({ seed: 21, rounds: 1, blocksPerRound: 6 });
  const { native, baseline } = record.cases.tcp!.arms;
  const name = 'tcp/load=mixed';
  record.blocks = Array.from({ length: 230 }, (_, block) => ({
    case: name,
    round: 0,
    block,
    stealPercent: block % 40 === 0 ? 6 : 0.4,
    psiCpuSome: 0.1,
    dropped: false,
    reason: null,
  }));
  const phases = [];
  for (let from = 240; from + 180 < END; from += 660) {
    if (from + 180 >= SOAK_GAP.fromSeconds && from < SOAK_GAP.toSeconds) continue;
    phases.push({ kind: 'slow-readers', fromSeconds: from, toSeconds: from + 60 });
    phases.push({ kind: 'storm', fromSeconds: from + 120, toSeconds: from + 180 });
  }
  return {
    ...record,
    scenario: 'stability-24h',
    title: 'A day of mixed production load with faults',
    options: { quick: false, plant: 'js' },
    verdict: 'fail',
    exitCode: 6,
    reasons: [`native: ${HEAP} rises by at most 256 bytes/s: 1030`],
    cases: {
      [name]: {
        parameters: {},
        status: 'measured',
        reason: null,
        arms: {
          native: { ...native!, series: armSeries(1, 1024, 3), errors: [] },
          baseline: { ...baseline!, series: armSeries(0.1, 0, 13), errors: [] },
        },
      },
    },
    windows: [],
    comparisons: [],
    checks: [],
    soak: {
      durationSeconds: 4 * HOUR,
      measuredSeconds: 4 * HOUR,
      checkpointSeconds: 60,
      checkpoints: 240,
      running: false,
      lives: LIVES,
      gaps: [SOAK_GAP],
      phases,
      leaks: { native: leaks(true), baseline: leaks(false) },
      plant: 'js',
    },
  };
}
