import type {
  ArmRecord,
  CaseRecord,
  Interval,
  MetricRecord,
  RunRecord,
  ScalingRecord,
} from '../../scenarios/harness/record.js';
import { fixtureRecord } from './record-fixture.js';

const ASKED = [1, 2, 4, 8, 16];
const ROUNDS = 10;

interface Law {
  sigma: number;
  kappa: number;
}
interface Shape {
  work: string;
  transport: string;
  /** Operations per second of one thread, CPU nanoseconds of an operation, and the law, by arm. */
  arms: Record<string, { rate: number; cpuNs: number; law: Law }>;
}

const SHAPES: Shape[] = [
  {
    ...{ work: 'lookup', transport: 'none' },
    arms: {
      native: { rate: 118e6, cpuNs: 8.4, law: { sigma: 0.004, kappa: 0.0002 } },
      baseline: { rate: 17e6, cpuNs: 59, law: { sigma: 0.9, kappa: 0.21 } },
    },
  },
  {
    ...{ work: 'mem-echo', transport: 'mem' },
    arms: { native: { rate: 1.3e6, cpuNs: 760, law: { sigma: 0.011, kappa: 0.0011 } } },
  },
];

/** A run of `scaling-16-core` on a machine with so many cores: measured there, projected beyond, sockets out of reach. */
export function scalingRun(cores = 2): RunRecord {
  const record = fixtureRecord({ seed: 20, rounds: 1, blocksPerRound: 1 });
  const cases: Record<string, CaseRecord> = {};
  const scaling: ScalingRecord[] = [];
  for (const shape of SHAPES) {
    for (const threads of ASKED) cases[nameOf(shape, threads)] = caseOf(shape, threads, cores);
    for (const arm of Object.keys(shape.arms)) scaling.push(lawOf(shape, arm, cores));
  }
  for (const threads of ASKED) {
    cases[`tcp/threads=${threads},work=sockets`] = {
      parameters: { transport: 'tcp', load: 'threads', work: 'sockets', threads },
      status: 'not-measurable',
      reason: `${threads === 1 ? '1 reactor needs' : `${threads} reactors need`} ${2 * threads + 1} cores, one for each reactor, one for each client, one for the harness; this machine has ${cores}`,
      arms: {},
    };
  }
  return {
    ...record,
    scenario: 'scaling-16-core',
    title: 'What 1, 2, 4, 8 and 16 threads of the engine get done together',
    machine: { ...record.machine, cores },
    cases,
    scaling,
    windows: [],
    blocks: [],
    comparisons: [],
    checks: [],
  };
}

function nameOf({ work, transport }: Shape, threads: number): string {
  return `${transport}/threads=${threads},work=${work}`;
}

function growth({ sigma, kappa }: Law, threads: number): number {
  return threads / (1 + sigma * (threads - 1) + kappa * threads * (threads - 1));
}

/** What the processors bring: a little less each, the more of them are busy. */
function aluGrowth(threads: number): number {
  return threads * 0.97 ** Math.log2(threads);
}

function around(value: number, percent: number): Interval {
  return [value * (1 - percent / 100), value * (1 + percent / 100)];
}

function caseOf(shape: Shape, threads: number, cores: number): CaseRecord {
  const { work, transport } = shape;
  const parameters = { transport, load: 'threads', work, threads };
  if (threads > cores) {
    const reason = `${threads} threads need ${threads} cores, one for each thread; this machine has ${cores}; projected from what fewer threads did`;
    return { parameters, status: 'projected', reason, arms: {} };
  }
  const arms = Object.keys(shape.arms).map((arm) => [arm, armOf(shape, arm, threads)]);
  return {
    parameters,
    status: 'measured',
    reason: null,
    arms: Object.fromEntries(arms) as Record<string, ArmRecord>,
  };
}

function armOf(shape: Shape, arm: string, threads: number): ArmRecord {
  const { rate, cpuNs, law } = shape.arms[arm]!;
  const divided = growth(law, threads) / threads;
  const metric = (value: number, unit: string, better: MetricRecord['better'] = 'higher'): MetricRecord => ({
    ...{ value, unit, better, ci95: around(value, 1.2), n: ROUNDS },
  });
  const metrics: Record<string, MetricRecord> = {
    throughput_ops_per_s: metric(rate * divided * aluGrowth(threads), 'operations/s'),
    cpu_ns_per_op: metric(cpuNs / divided, 'ns/operation', 'lower'),
  };
  if (threads > 1) {
    metrics.speedup = metric(divided * aluGrowth(threads), '×');
    metrics.alu_speedup = metric(aluGrowth(threads), '×');
    metrics.speedup_against_alu = metric(divided, '×');
  }
  const rounds = Array.from({ length: ROUNDS }, (_, round) => ({
    ...{ round, order: 0 },
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value])),
  }));
  return {
    ...{ transport: shape.transport, metrics, rounds, histograms: {}, series: {} },
    ledger: {
      ...{ sent: 1e6, delivered: 1e6, droppedCounted: 0, unacknowledgedAtClose: 0 },
      ...{ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 },
    },
  };
}

function lawOf(shape: Shape, arm: string, cores: number): ScalingRecord {
  const { rate, law } = shape.arms[arm]!;
  const measured = ASKED.filter((threads) => threads <= cores);
  const determined = measured.length > 2;
  // With one number of threads above 1 the ends are all contention and all coherency.
  const lost = law.sigma + 2 * law.kappa;
  const ends = determined
    ? [law, law]
    : [
        { sigma: 0, kappa: lost / 2 },
        { sigma: lost, kappa: 0 },
      ];
  return {
    ...{ work: shape.work, arm, cores, determined },
    throughputOfOne: { value: rate, ci95: around(rate, 1.2) },
    points: measured.map((threads) => {
      const value = growth(law, threads);
      return { threads, value, ci95: threads === 1 ? null : around(value, 1.2) };
    }),
    sigma: { value: law.sigma, ci95: [0, lost * 1.2] },
    kappa: { value: law.kappa, ci95: [0, lost * 0.6] },
    curve: Array.from({ length: 16 }, (_, index) => index + 1).map((threads) => ({
      threads,
      projected: threads > cores,
      value: growth(law, threads),
      ci95: [growth(ends[0]!, threads) * 0.985, growth(ends[1]!, threads) * 1.015] as Interval,
    })),
  };
}
