import { createRandom, type Random } from '../../../scenarios/harness/statistics/random.js';
import type { GateArm, GateSide } from '../invocation/gate-arms.js';
import { CLOSED_CASE, gatedMetrics } from '../invocation/gated-metrics.js';
import type { BlockLine, CaseLine, InvocationLine, WindowLine } from '../invocation/invocation-record.js';
import { type HeaderLine, RAW_SCHEMA } from '../invocation/raw-file.js';

/** Raw lines of gates that were never measured, for tests of what is made of them. */

export function sampleHeader(changes: Partial<HeaderLine> = {}): HeaderLine {
  return {
    ...{ kind: 'header', schema: RAW_SCHEMA, startedAt: '2024-01-02T03:04:05.000Z', seed: 7 },
    metrics: gatedMetrics({ casePattern: CLOSED_CASE, metricPattern: 'throughput*', limitPercent: 5 }),
    ...{ blocks: 15, objections: [] },
    base: { commit: 'a'.repeat(40), dirty: false, why: 'merge base with main' },
    candidate: { commit: 'b'.repeat(40), dirty: true },
    machine: {
      ...{ fingerprint: 'f', cpuModel: 'A processor', cores: 2, kernel: '6.1.0', node: '20.17.0' },
      aluNoisePercent: 8,
    },
    ...changes,
  };
}

export interface SampleOptions {
  /** 0.05 makes the candidate's operations take 5 % longer. */
  slowdown?: number;
  /** Standard deviation of an invocation's ratio, and of a window. */
  deviation?: number;
  control?: boolean;
  /** The first blocks of either side. */
  dropped?: number;
  /** Every second block of the candidate, until there are so many. */
  droppedOfCandidate?: number;
  /** Messages that the candidate loses. */
  lost?: number;
  lostByBase?: number;
}

/** Both arms with the same chances; the candidate slower by what is asked. */
export function sampleInvocation(index: number, options: SampleOptions = {}, seed = 1): InvocationLine {
  const { slowdown = 0, deviation = 0.01, control = false, dropped = 0, lost = 0 } = options;
  const { droppedOfCandidate = 0, lostByBase = 0 } = options;
  const random = createRandom(seed).fork(`sample ${index}`);
  const ofProcess = deviation * normal(random);
  const drops = (name: GateSide, block: number): boolean =>
    block < dropped || (name === 'candidate' && block % 2 === 1 && block < 2 * droppedOfCandidate);
  const side = (name: GateSide, ratio: number): BlockLine[] =>
    Array.from({ length: 15 }, (_, block) => sampleBlock(random, name, ratio, drops(name, block)));
  const none = { droppedCounted: 0, unacknowledgedAtClose: 0, duplicated: 0, reordered: 0, corrupted: 0 };
  const counters = { messages_received: 1_000, syscalls: 125, payload_copies: 0 };
  const body: CaseLine = {
    ratePerSecond: null,
    blocks: {
      candidate: side('candidate', (1 + slowdown) * Math.exp(ofProcess)),
      control: control ? side('control', 1) : [],
    },
    ledgers: {
      base: { sent: 1_000, delivered: 1_000 - lostByBase, lost: lostByBase, ...none },
      candidate: { sent: 1_000, delivered: 1_000 - lost, lost, ...none },
    },
    counters: { base: counters, candidate: counters, ...(control ? { control: counters } : {}) },
  };
  return {
    ...{ kind: 'invocation', index, seed: 7, startedAt: '2024-01-02T03:04:05.000Z' },
    startOrder: ['base', 'candidate'],
    warmUp: { passes: 3, seconds: 0.5, agreed: true },
    cases: { [CLOSED_CASE]: body },
    memoryBytesPerSession: { base: 500, candidate: 510 },
    failure: null,
  };
}

function sampleBlock(random: Random, side: GateSide, ratio: number, dropped: boolean): BlockLine {
  const [outer, inner]: GateArm[] = random.below(2) === 0 ? ['base', side] : [side, 'base'];
  const order = [outer, inner, inner, outer];
  const windows = order.map((arm, place): WindowLine => {
    const operations = (20_000 / (arm === 'base' ? 1 : ratio)) * Math.exp(0.01 * normal(random));
    const startNs = place * 60e6;
    return {
      ...{ arm, startNs, endNs: startNs + 50e6, operations, serverCpuNs: 40e6, generatorCpuNs: 20e6 },
      latencyNs: { samples: 300, p50: 5e6 * (arm === 'base' ? 1 : ratio), p99: 9e6 },
    };
  });
  return {
    windows,
    ...{ stealPercent: 0, psiCpuSome: 0.1, foreignPercent: 0, unaccountedPercent: 0, throttledUs: 0 },
    dropped: dropped ? { kind: 'steal', reason: 'the hypervisor took it' } : null,
  };
}

/** Twelve uniform numbers: near enough to a normal one. */
function normal(random: Random): number {
  let sum = 0;
  for (let draw = 0; draw < 12; draw++) sum += random.below(2 ** 32) / 2 ** 32;
  return sum - 6;
}
