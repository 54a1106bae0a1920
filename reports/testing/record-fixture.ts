import * as hdr from 'hdr-histogram-js';
import type {
  ArmRecord,
  BlockRecord,
  CaseRecord,
  LedgerRecord,
  MetricRecord,
  RunRecord,
  WindowRecord,
} from '../../scenarios/harness/record.js';
import { median } from '../numbers/order-statistics.js';
import { checksOf } from './fixture-checks.js';
import { compare, intervalOf } from './fixture-comparisons.js';
import { normalDeviate, seededRandom } from './seeded-random.js';

/** What a synthetic run looks like; every field has the value of a full run. */
export interface FixtureOptions {
  seed: number;
  rounds: number;
  blocksPerRound: number;
}

interface ArmShape {
  arm: string;
  opsPerSecond: number;
  cpuNsPerOp: number;
  memoryBytesPerSession: number;
  syscallsPerOp: number;
}

interface CaseShape {
  name: string;
  parameters: CaseRecord['parameters'];
  inFlight: number;
  arms: ArmShape[];
}

function shape(
  arm: string,
  opsPerSecond: number,
  cpuNsPerOp: number,
  memory: number,
  syscalls: number,
): ArmShape {
  return { arm, opsPerSecond, cpuNsPerOp, memoryBytesPerSession: memory, syscallsPerOp: syscalls };
}

/** Rates of the size that a two-core machine gives. */
const CASES: CaseShape[] = [
  {
    name: 'tcp',
    parameters: { sessions: 1000, depth: 1, payloadBytes: 64 },
    inFlight: 1000,
    arms: [
      shape('limit', 107e3, 9.1e3, 190, 2.01),
      shape('native', 101e3, 9.6e3, 760, 2.02),
      shape('native:owned', 88e3, 11.1e3, 790, 2.02),
      shape('rival:node-net', 55e3, 17.4e3, 3900, 2.05),
      shape('baseline', 31e3, 31.2e3, 5200, 2.3),
    ],
  },
  {
    name: 'tcp/depth=16',
    parameters: { sessions: 1000, depth: 16, payloadBytes: 64 },
    inFlight: 16000,
    arms: [
      shape('limit', 1.42e6, 425, 190, 0.13),
      shape('native', 1.18e6, 640, 760, 0.13),
      shape('native:owned', 0.84e6, 980, 790, 0.14),
      shape('rival:node-net', 0.58e6, 1600, 3900, 0.19),
      shape('baseline', 70e3, 14e3, 5200, 1.2),
    ],
  },
  {
    name: 'tcp/depth=100,sessions=64',
    parameters: { sessions: 64, depth: 100, payloadBytes: 64 },
    inFlight: 6400,
    arms: [
      shape('limit', 9.7e6, 85, 190, 0.02),
      shape('native', 3.6e6, 255, 760, 0.02),
      shape('native:owned', 1.9e6, 500, 790, 0.03),
      shape('rival:node-net', 1.3e6, 740, 3900, 0.03),
      shape('baseline', 72e3, 13.6e3, 5200, 1.1),
    ],
  },
];

const WINDOW_NS = 50e6;
const CLEAN: LedgerRecord = {
  sent: 0,
  delivered: 0,
  droppedCounted: 0,
  unacknowledgedAtClose: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
};

/** A synthetic run record of `concurrent-1k`, realistic in shape, the same for the same options. */
export function fixtureRecord(options: Partial<FixtureOptions> = {}): RunRecord {
  const { seed, rounds, blocksPerRound } = { seed: 1, rounds: 10, blocksPerRound: 20, ...options };
  const random = seededRandom(seed);
  const windows: WindowRecord[] = [];
  const blocks: BlockRecord[] = [];
  const cases: Record<string, CaseRecord> = {};
  for (const [index, caseShape] of CASES.entries()) {
    const speeds = blockSpeeds(random, rounds, blocksPerRound, caseShape.name, blocks);
    const arms = caseShape.arms.map((arm) => [
      arm.arm,
      armRecord(random, caseShape, arm, speeds, index, windows),
    ]);
    cases[caseShape.name] = {
      parameters: caseShape.parameters,
      status: 'measured',
      reason: null,
      arms: Object.fromEntries(arms) as Record<string, ArmRecord>,
    };
  }
  const comparisons = compare(cases);
  const checks = checksOf(comparisons, cases);
  return {
    schema: 'msgtrans.run/1',
    scenario: 'concurrent-1k',
    title: '1 000 TCP sessions, requests of 64 B at depth 1 and 16, and 64 sessions at depth 100',
    scenarioHash: 'c1f7a0d2b9e84c55',
    seed,
    options: { repeat: rounds },
    startedAt: '2026-03-14T09:26:53.000Z',
    finishedAt: '2026-03-14T09:35:41.000Z',
    interrupted: false,
    verdict: 'pass',
    reasons: [],
    exitCode: 0,
    machine: {
      fingerprint: '5b1c9e02a7f3',
      cpuModel: 'Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz',
      cores: 2,
      numaNodes: 1,
      memoryBytes: 8_201_175_040,
      kernel: '6.1.0-28-cloud-amd64',
      node: 'v20.20.2',
      v8: '11.3.244.8-node.30',
      aluNoisePercent: 17.6,
    },
    build: {
      commit: '9f2c41e7b06d8a35c1e4f7290ab6d3851c07e9fa',
      dirty: false,
      nativeHash: '7d2be1f04a9c6633',
      baselineHash: '02c9a47e5d1b88f0',
      compiler: 'g++ 12.2.0',
    },
    cases,
    windows: windows.sort((a, b) => a.startNs - b.startNs),
    blocks,
    comparisons,
    checks,
    notes: ['No arm is pinned to a core: with two cores every arm and the generator share both.'],
  };
}

/** Machine speed per block, wandering as a shared virtual processor's does; fills in the block records. */
function blockSpeeds(
  random: () => number,
  rounds: number,
  perRound: number,
  caseName: string,
  blocks: BlockRecord[],
): number[][] {
  return Array.from({ length: rounds }, (_, round) => {
    let wander = normalDeviate(random) * 0.05;
    return Array.from({ length: perRound }, (_, block) => {
      wander = 0.85 * wander + normalDeviate(random) * 0.035;
      const stealPercent = random() < 0.06 ? Number((random() * 12).toFixed(1)) : 0;
      const dropped = stealPercent > 8;
      blocks.push({
        case: caseName,
        round,
        block,
        stealPercent,
        psiCpuSome: Number(Math.min(1, 0.18 + random() * 0.12 + stealPercent / 60).toFixed(3)),
        dropped,
        reason: dropped ? 'steal above 8 %' : null,
      });
      return Math.exp(wander) * (1 - stealPercent / 100);
    });
  });
}

function armRecord(
  random: () => number,
  caseShape: CaseShape,
  arm: ArmShape,
  speeds: number[][],
  caseIndex: number,
  windows: WindowRecord[],
): ArmRecord {
  const armIndex = caseShape.arms.indexOf(arm);
  const series = {
    atNs: [] as number[],
    throughput: [] as number[],
    p50: [] as number[],
    p99: [] as number[],
  };
  const histogram = hdr.build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
  let sent = 0;
  const rounds = speeds.map((blocksOfRound, round) => {
    const personal = 1 + normalDeviate(random) * 0.012;
    const rates = blocksOfRound.flatMap((speed, block) =>
      [0, 1].map((half) => {
        const rate = arm.opsPerSecond * speed * personal * (1 + normalDeviate(random) * 0.02);
        const slot =
          ((round * CASES.length + caseIndex) * blocksOfRound.length + block) * caseShape.arms.length * 2;
        const startNs =
          1e9 +
          (slot + (half === 0 ? armIndex : 2 * caseShape.arms.length - 1 - armIndex)) * 60e6 +
          round * 30e9;
        windows.push({
          case: caseShape.name,
          arm: arm.arm,
          round,
          block,
          startNs,
          endNs: startNs + WINDOW_NS,
        });
        const medianNs = Math.round((caseShape.inFlight / rate) * 1e9 * 0.96);
        const tail = 1.25 + random() * 0.5 + (random() < 0.04 ? random() * 4 : 0);
        series.atNs.push(startNs + WINDOW_NS / 2);
        series.throughput.push(Math.round(rate));
        series.p50.push(medianNs);
        series.p99.push(Math.round(medianNs * tail));
        for (let sample = 0; sample < 150; sample++) {
          const spread = Math.exp(normalDeviate(random) * 0.16 * tail);
          histogram.recordValueWithCount(Math.round(medianNs * spread), Math.max(1, Math.round(rate / 3000)));
        }
        sent += Math.round(rate * 0.05);
        return rate;
      }),
    );
    const throughput = median(rates)!;
    return {
      round,
      order: (armIndex + round) % caseShape.arms.length,
      metrics: {
        throughput_ops_per_s: throughput,
        cpu_ns_per_op:
          arm.cpuNsPerOp * (1 + normalDeviate(random) * 0.015) * (arm.opsPerSecond / throughput) ** 0.5,
        latency_ns_p50: Math.round((caseShape.inFlight / throughput) * 0.96e9),
        latency_ns_p99: Math.round((caseShape.inFlight / throughput) * 1.5e9),
        memory_bytes_per_session: arm.memoryBytesPerSession * (1 + normalDeviate(random) * 0.01),
      },
    };
  });
  const overRounds = (name: keyof (typeof rounds)[0]['metrics'], unit: string, better: 'higher' | 'lower') =>
    metricOf(
      rounds.map((round) => round.metrics[name]),
      unit,
      better,
    );
  const single = (value: number, unit: string, better: 'higher' | 'lower'): MetricRecord => ({
    value,
    unit,
    better,
    ci95: null,
    n: rounds.length,
  });
  const busy = caseShape.name.includes('depth=100') && arm.arm === 'limit';
  return {
    transport: 'tcp',
    metrics: {
      throughput_ops_per_s: {
        ...overRounds('throughput_ops_per_s', 'op/s', 'higher'),
        ...(busy ? { mark: 'generator-bound' } : {}),
      },
      latency_ns_p50: overRounds('latency_ns_p50', 'ns', 'lower'),
      latency_ns_p99: overRounds('latency_ns_p99', 'ns', 'lower'),
      cpu_ns_per_op: overRounds('cpu_ns_per_op', 'ns', 'lower'),
      memory_bytes_per_session: overRounds('memory_bytes_per_session', 'bytes', 'lower'),
      generator_cpu_share: single(busy ? 0.94 : 0.3 + 0.05 * armIndex, '1', 'lower'),
      syscalls_per_op: single(arm.syscallsPerOp, '1', 'lower'),
      ...(arm.arm.startsWith('native')
        ? { payload_copies_per_op: single(arm.arm === 'native' ? 0 : 1, '1', 'lower') }
        : {}),
    },
    histograms: { service_time_ns: hdr.encodeIntoCompressedBase64(histogram) },
    series: {
      throughput_ops_per_s: { unit: 'op/s', atNs: series.atNs, values: series.throughput },
      latency_ns_p50: { unit: 'ns', atNs: series.atNs, values: series.p50 },
      latency_ns_p99: { unit: 'ns', atNs: series.atNs, values: series.p99 },
    },
    rounds,
    ledger: { ...CLEAN, sent, delivered: sent },
    messagesPerSessionMin: Math.floor(sent / Number(caseShape.parameters.sessions)),
    coldPass: { ...single(arm.opsPerSecond * 0.81, 'op/s', 'higher') },
    errors: [],
  };
}

function metricOf(values: number[], unit: string, better: 'higher' | 'lower'): MetricRecord {
  return { value: median(values)!, unit, better, ci95: intervalOf(values), n: values.length };
}
