import { createRandom, type Random } from '../../../../scenarios/harness/statistics/random.js';
import { gatedMetrics } from '../../invocation/gated-metrics.js';
import { drawNormal } from '../../statistics/draw-normal.js';
import type { Stretch } from '../bank-file.js';
import {
  BANK_SCHEMA,
  type BankHeader,
  type BankInvocation,
  type BankMetric,
  RATIO_STEP,
} from '../bank-lines.js';

/** Banks that were never measured, with slowdowns and noise that are known. */

export const BANK_METRICS = gatedMetrics({ casePattern: null, metricPattern: null, limitPercent: 5 })
  .filter(({ kind }) => kind === 'timed')
  .map(
    (each): BankMetric => ({
      case: each.case,
      metric: each.metric,
      limitPercent: each.limitPercent,
      kind: 'timed',
    }),
  );

export function bankHeader(changes: Partial<BankHeader> = {}): BankHeader {
  return {
    ...{ kind: 'header', schema: BANK_SCHEMA, startedAt: '2024-01-02T03:04:05.000Z', seed: 7 },
    ...{ series: { kind: 'aa', percent: null }, amount: null, calibration: null },
    ...{ metrics: BANK_METRICS, blocks: 15, windowMs: 50, objections: [] },
    build: { commit: 'a'.repeat(40), dirty: false },
    machine: {
      ...{ fingerprint: 'f', cpuModel: 'A processor', cores: 2, kernel: '6.1.0', node: '20.17.0' },
      aluNoisePercent: 8,
    },
    ...changes,
  };
}

export interface SampleUnits {
  /** Per cent for each metric; the same for all of them where it is one number. */
  slowdown?: number | readonly number[];
  /** Of an invocation, in log ratios. */
  deviation?: number;
  control?: boolean;
  controlSlowdown?: number;
  /** Blocks dropped of the 30 of both cases; those of a metric that are kept are as many fewer. */
  dropped?: number;
  lost?: number;
  lostByBase?: number;
  objections?: string[];
  failure?: BankInvocation['failure'];
}

export function bankInvocation(
  index: number,
  options: SampleUnits,
  random = createRandom(index),
): BankInvocation {
  const {
    slowdown = 0,
    deviation = 0.01,
    control = false,
    controlSlowdown = 0,
    dropped = 0,
    lost = 0,
    lostByBase = 0,
    objections,
  } = options;
  const side = (percents: readonly number[]): number[][] =>
    percents.map((each) => ratios(random, each, deviation, dropped));
  const slowdowns = typeof slowdown === 'number' ? BANK_METRICS.map(() => slowdown) : slowdown;
  const drops = {
    blocks: 30 + dropped,
    causes: (dropped > 0 ? { steal: dropped } : {}) as Record<string, number>,
  };
  return {
    ...{
      kind: 'invocation',
      index,
      startedAt: '2024-01-02T03:04:05.000Z',
      variant: null,
      ratePerSecond: 150_000,
    },
    startOrder: control ? ['base', 'candidate', 'control'] : ['base', 'candidate'],
    ratios: {
      candidate: side(slowdowns),
      control: control ? side(BANK_METRICS.map(() => controlSlowdown)) : null,
    },
    drops: { candidate: drops, control: control ? drops : null },
    ledgers: {
      base: [1_000, 1_000 - lostByBase, lostByBase, 0, 0, 0],
      candidate: [1_000, 1_000 - lost, lost, 0, 0, 0],
    },
    failure: options.failure ?? null,
    ...(objections === undefined ? {} : { objections }),
  };
}

/** A stretch of invocations with the control in every fourth. */
export function sampleStretch(
  header: Partial<BankHeader>,
  invocations: number,
  options: SampleUnits = {},
  seed = 1,
): Stretch {
  const random = createRandom(seed).fork('stretch');
  return {
    header: bankHeader(header),
    invocations: Array.from({ length: invocations }, (_, index) =>
      bankInvocation(index, { control: index % 4 === 3, ...options }, random),
    ),
    end: { kind: 'end', why: 'done' },
  };
}

/** One process is what all its blocks have in common. */
function ratios(random: Random, percent: number, deviation: number, dropped: number): number[] {
  const middle = Math.log1p(percent / 100) + deviation * drawNormal(random);
  return Array.from(
    { length: Math.max(0, 15 - dropped) },
    () => Math.round((middle + 0.002 * drawNormal(random)) / RATIO_STEP) + 0,
  );
}
