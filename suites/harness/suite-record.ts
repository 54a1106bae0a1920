import { evaluateChecks, type JudgedCase } from '../../scenarios/harness/checks.js';
import { compareCases } from '../../scenarios/harness/comparisons.js';
import { METRICS, type MetricName } from '../../scenarios/harness/metrics.js';
import {
  type ArmRecord,
  type BuildRecord,
  type CaseRecord,
  type MachineRecord,
  type MetricRecord,
  RECORD_SCHEMA,
  type RunRecord,
  type SeriesRecord,
} from '../../scenarios/harness/record.js';
import { bcaInterval } from '../../scenarios/harness/statistics/bootstrap.js';
import { median } from '../../scenarios/harness/statistics/quantile.js';
import { createRandom, type Random } from '../../scenarios/harness/statistics/random.js';
import { type Effort, jobOperationsOf } from './case-round.js';
import type { Suite, SuiteCase } from './suite.js';
import type { SuiteOptions } from './suite-options.js';
import type { SuiteSamples } from './suite-run.js';
import type { ArmRound, ArmSamples, CaseSamples } from './suite-samples.js';

export interface SuiteRecordInputs {
  suite: Suite;
  /** Of its sources (`hashSuite`). */
  hash: string;
  options: SuiteOptions;
  effort: Effort;
  samples: SuiteSamples;
  machine: MachineRecord;
  build: BuildRecord;
  startedAt: Date;
  finishedAt: Date;
}

/** What a suite is called where scenarios are told by their names. */
export function suiteRecordName({ name }: Pick<Suite, 'name'>): string {
  return `suite:${name}`;
}

/** The run record of a suite; verdict and exit code are filled in by `judge`. */
export function suiteRecord(inputs: SuiteRecordInputs): RunRecord {
  const { suite, options, effort, samples } = inputs;
  const random = createRandom(options.seed).fork('statistics');
  const cases: Record<string, CaseRecord> = {};
  for (const [name, each] of samples.cases)
    cases[name] = caseRecord(each, samples.startNs, random.fork(name));
  const comparisons = compareCases(cases, random);
  const all = [...samples.cases.values()];
  return {
    schema: RECORD_SCHEMA,
    scenario: suiteRecordName(suite),
    title: suite.title,
    scenarioHash: inputs.hash,
    seed: options.seed,
    options: {
      quick: options.quick,
      rounds: effort.rounds,
      blocks: effort.blocks,
      windowMs: effort.windowNs / 1e6,
      arm: options.arms,
      case: options.casePattern,
    },
    startedAt: inputs.startedAt.toISOString(),
    finishedAt: inputs.finishedAt.toISOString(),
    interrupted: samples.interrupted,
    verdict: 'inconclusive',
    reasons: [],
    exitCode: 0,
    machine: inputs.machine,
    build: inputs.build,
    cases,
    windows: all.flatMap((each) => each.windows),
    blocks: all.flatMap((each) => each.blocks),
    comparisons,
    checks: all.flatMap((each) =>
      evaluateChecks(judgedCase(each, options), cases[each.body.name], comparisons),
    ),
    notes: jobNotes(suite, effort),
  };
}

/** A case's parameters say what a job is; what a quick run does of it stands beside them. */
function jobNotes(suite: Suite, effort: Effort): string[] {
  if (effort.jobShare === 1) return [];
  return suite.cases.flatMap((body) => {
    const done = jobOperationsOf(body, effort);
    return done === null || body.job === undefined
      ? []
      : [`${body.name}: jobs of ${done} operations, where a full run does ${body.job.operations}`];
  });
}

function judgedCase(samples: CaseSamples, options: SuiteOptions): JudgedCase {
  return {
    name: samples.body.name,
    checks: samples.body.targets ?? [],
    absentArms: samples.absentArms,
    notJudged: options.quick ? 'a quick run does not judge numbers' : null,
    messagesPerSessionMin: 0,
  };
}

function caseRecord(samples: CaseSamples, startNs: number, random: Random): CaseRecord {
  const arms: Record<string, ArmRecord> = {};
  // In the order of the suite's file, not of the shuffled first round.
  for (const { name } of samples.body.arms) {
    const collected = samples.arms.get(name);
    if (collected !== undefined) arms[name] = armRecord(collected, samples.body, startNs, random.fork(name));
  }
  const measured = Object.values(arms).some((arm) => arm.rounds.length > 0);
  const absent = Object.entries(samples.absentArms);
  return {
    parameters: { ...samples.body.parameters },
    status: measured ? 'measured' : 'not-measurable',
    reason: measured ? null : (absent[0]?.[1] ?? 'no round of it was completed; see the errors of its arms'),
    arms,
    ...(absent.length > 0 ? { absentArms: { ...samples.absentArms } } : {}),
  };
}

function armRecord(collected: ArmSamples, body: SuiteCase, startNs: number, random: Random): ArmRecord {
  const rounds = collected.rounds
    .map((round) => ({ round: round.round, order: round.order, metrics: roundMetrics(round, body) }))
    .filter((round) => Object.keys(round.metrics).length > 0);
  const metrics: Record<string, MetricRecord> = {};
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const values = rounds.map((round) => round.metrics[name]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    const ci95 = bcaInterval(values, median, { random: random.fork(name) });
    metrics[name] = { ...METRICS[name], value: median(values), ci95, n: values.length };
  }
  const windows = collected.rounds.flatMap((round) => round.windows);
  const operations = windows.reduce((sum, window) => sum + window.operations, 0);
  const faults = windows.reduce((sum, window) => sum + window.faults, collected.unmeasuredFaults);
  return {
    transport: 'in-process',
    metrics,
    histograms: {},
    series: windows.length === 0 ? {} : { throughput_ops_per_s: seriesOf(collected, startNs) },
    rounds,
    // An operation is sent when it is begun and delivered when its result was looked at.
    ledger: {
      ...{ sent: operations, delivered: operations, corrupted: faults },
      ...{ droppedCounted: 0, unacknowledgedAtClose: 0, lost: 0, duplicated: 0, reordered: 0 },
    },
    windowNs: median(windows.map((window) => window.endNs - window.startNs)) || 0,
    errors: collected.errors.map((error) => ({ ...error })),
  };
}

/** The metrics of one round: medians over its windows, except what has to be paid for as a whole. */
function roundMetrics(
  round: ArmRound,
  { bytesPerOperation }: SuiteCase,
): Partial<Record<MetricName, number>> {
  const windows = round.windows.filter((window) => !window.dropped);
  if (windows.length === 0) return {};
  const perOperation = median(windows.map((window) => window.nanosecondsPerOperation));
  const total = (pick: (window: (typeof windows)[number]) => number): number =>
    windows.reduce((sum, window) => sum + pick(window), 0);
  const metrics: Partial<Record<MetricName, number>> = {
    throughput_ops_per_s: 1e9 / perOperation,
    throughput_bytes_per_s: ((bytesPerOperation ?? Number.NaN) * 1e9) / perOperation,
    latency_ns_mean: perOperation * windows[0].threads,
    cpu_ns_per_op: total((window) => window.cpuNs ?? Number.NaN) / total((window) => window.operations),
  };
  for (const name of Object.keys(windows[0].figures) as MetricName[]) {
    metrics[name] = median(windows.map((window) => window.figures[name] ?? Number.NaN));
  }
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

function seriesOf(collected: ArmSamples, startNs: number): SeriesRecord {
  const windows = collected.rounds
    .flatMap((round) => round.windows)
    .toSorted((left, right) => left.startNs - right.startNs);
  return {
    unit: 'operations/s',
    atNs: windows.map((window) => Math.round((window.startNs + window.endNs) / 2 - startNs)),
    values: windows.map((window) => Math.round(1e9 / window.nanosecondsPerOperation)),
  };
}
