import { setTimeout as sleep } from 'node:timers/promises';
import type { Children } from '../../../scenarios/harness/arm-process.js';
import { EXIT, type ExitCode } from '../../../scenarios/harness/exit-code.js';
import { throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import { allowedProcessors } from '../../../scenarios/harness/machine.js';
import { terminalProgress } from '../../../scenarios/harness/terminal-progress.js';
import { captureCandidate } from '../base-build/base-builder.js';
import { BuildCache, cacheFolder } from '../base-build/build-cache.js';
import { readToolchain } from '../base-build/toolchain-key.js';
import { disturbanceReader } from '../invocation/disturbance.js';
import { type GatedMetric, gatedMetrics } from '../invocation/gated-metrics.js';
import { type InvocationPlan, invocationSeconds, planInvocation } from '../invocation/invocation-plan.js';
import { runInvocation } from '../invocation/run-invocation.js';
import type { Preflight } from '../preflight/preflight.js';
import { DEFAULT_LIMIT_PERCENT } from '../statistics/gate-plan.js';
import { metricName, timedUnit } from '../verdict/invocation-units.js';
import { type Stress, startBackgroundLoad } from './background-load.js';
import { BankFile, knownAmount, type Stretch } from './bank-file.js';
import { BANK_SCHEMA, type BankHeader, type Calibration } from './bank-lines.js';
import { calibrate, calibrationInvocations } from './calibrate.js';
import { type Collected, collect } from './collect.js';
import { startCpuQuota } from './cpu-quota.js';
import { prepareVariants } from './layout-variants.js';
import type { SelftestSurroundings } from './selftest-command.js';
import { SelftestError } from './selftest-error.js';
import {
  INJECTIONS,
  type InjectedKind,
  isInjected,
  type SelftestKind,
  seriesWords,
} from './selftest-kinds.js';
import type { MeasureOptions } from './selftest-options.js';
import {
  type IdenticalBuilds,
  identicalSubject,
  injectedSubject,
  neutralSubject,
  type Subject,
} from './subject.js';

export interface SeriesInputs {
  options: MeasureOptions;
  surroundings: SelftestSurroundings;
  /** What the bank holds already. */
  before: readonly Stretch[];
  children: Children;
  signal: AbortSignal;
  build: { commit: string | null; dirty: boolean };
}

/** One stretch of one series, from copying the builds to the end of the bank. */
export async function measureSeries(inputs: SeriesInputs): Promise<{ text: string; exitCode: ExitCode }> {
  const { options, surroundings, before, signal, build } = inputs;
  const { series, seed } = options;
  const metrics = gatedMetrics({
    casePattern: null,
    metricPattern: null,
    limitPercent: DEFAULT_LIMIT_PERCENT,
  }).filter(isNoisy);
  const plan = planInvocation(metrics, surroundings.defaults());
  const cache = new BuildCache(cacheFolder(surroundings.environment));
  const builds = await copyBuild(inputs, cache);
  const { machine, objections } = await lookUntilQuiet(surroundings, signal);
  const injected = isInjected(series.kind)
    ? await findAmount(inputs, series.kind, builds, knownAmount(before, series, machine.fingerprint))
    : { amount: null, calibration: null };
  const subject = await subjectOf(inputs, cache, builds, injected.amount);
  const { fingerprint, cpuModel, cores, kernel, node, aluNoisePercent } = machine;
  const header: BankHeader = {
    ...{ kind: 'header', schema: BANK_SCHEMA, startedAt: new Date().toISOString(), seed, series },
    ...injected,
    metrics: metrics.map((each) => ({
      case: each.case,
      metric: each.metric,
      limitPercent: each.limitPercent,
      kind: each.kind,
    })),
    ...{ blocks: plan.blocks, windowMs: plan.windowNs / 1e6, objections, build },
    machine: { fingerprint, cpuModel, cores, kernel, node, aluNoisePercent },
  };
  const bank = new BankFile(options.bank);
  let stress: Stress | null = null;
  const progress = terminalProgress(
    options.progress,
    options.invocations * invocationSeconds(plan),
    options.invocations * casesOf(plan),
    signal,
  );
  try {
    stress = startStress(series.kind, seed);
    const collected = await collect({
      ...{ bank, header, metrics, subject, invocations: options.invocations, progress },
      context: contextOf(inputs, plan),
      budgetMs: options.budgetMinutes === null ? null : options.budgetMinutes * 60_000,
      stress,
      // Of a machine that is disturbed on purpose only what the gate itself makes of that is of interest.
      ...(stress === null ? { objectionsNow: () => objectionsNow(surroundings, signal) } : {}),
    });
    progress.end();
    return conclude(collected, options);
  } finally {
    progress.end();
    bank.close();
    await stress?.stop();
  }
}

/** A gate that is refused for noise is asked for again; a stretch of hours does not begin with a bad moment. */
const LOOKS = 5;
const PAUSE_MS = 5_000;

async function lookUntilQuiet(
  { lookAtMachine }: SelftestSurroundings,
  signal: AbortSignal,
): Promise<Preflight> {
  for (let look = 1; ; look++) {
    const seen = await lookAtMachine(signal);
    if (seen.objections.length === 0 || look === LOOKS) {
      for (const objection of seen.objections) {
        process.stderr.write(
          `selftest: a gate would measure nothing now, so the whole gates of this stretch count as inconclusive: ${objection}\n`,
        );
      }
      return seen;
    }
    await sleep(PAUSE_MS);
    throwIfInterrupted(signal);
  }
}

async function objectionsNow(
  { lookAtMachine }: SelftestSurroundings,
  signal: AbortSignal,
): Promise<string[]> {
  return (await lookAtMachine(signal)).objections;
}

/** What is decided over many invocations. Bytes per session would cost each invocation processes of its own. */
function isNoisy(gated: GatedMetric): gated is GatedMetric & { kind: 'timed' | 'tally' } {
  return gated.kind === 'timed' || gated.kind === 'tally';
}

/** Two copies under paths of one length, as base and candidate of a gate have them. */
async function copyBuild(
  { surroundings: { rootDir }, build, signal }: SeriesInputs,
  cache: BuildCache,
): Promise<IdenticalBuilds> {
  const places = { rootDir, cache, toolchain: readToolchain() };
  const candidate = await captureCandidate(build, places, signal);
  const base = await captureCandidate(build, places, signal, 'selftest base');
  return { baseDir: base.rootDir, candidateDir: candidate.rootDir };
}

async function subjectOf(
  { surroundings, options: { series, seed }, build, signal }: SeriesInputs,
  cache: BuildCache,
  builds: IdenticalBuilds,
  amount: number | null,
): Promise<Subject> {
  const { commands, rootDir } = surroundings;
  if (isInjected(series.kind) && amount !== null) {
    return injectedSubject(commands, builds, series.kind, amount);
  }
  if (series.kind !== 'neutral') return identicalSubject(commands, builds);
  const source = { ...build, toolchain: readToolchain() };
  return neutralSubject(
    commands,
    builds.baseDir,
    await prepareVariants(rootDir, cache, source, seed, signal),
    seed,
  );
}

/** The amount that was given, that an earlier stretch has found, or that is found now. */
async function findAmount(
  inputs: SeriesInputs,
  kind: InjectedKind,
  builds: IdenticalBuilds,
  known: number | null,
): Promise<{ amount: number; calibration: Calibration | null }> {
  const { options, signal } = inputs;
  const given = options.amount ?? known;
  if (given !== null) return { amount: given, calibration: null };
  const { targets, firstAmount } = INJECTIONS[kind];
  const [target] = targets;
  // Nothing but the metric that is looked for: half the time.
  const [metric] = gatedMetrics({
    ...{ casePattern: target.case, metricPattern: target.metric, limitPercent: DEFAULT_LIMIT_PERCENT },
  });
  const plan = planInvocation([metric], inputs.surroundings.defaults());
  const { usual: invocations } = calibrationInvocations();
  const progress = terminalProgress(
    options.progress,
    invocations * invocationSeconds(plan),
    invocations * casesOf(plan),
    signal,
  );
  let index = 0;
  let rate: number | null = null;
  const measure = async (amount: number, wanted: number): Promise<number[]> => {
    const armCommand = injectedSubject(inputs.surroundings.commands, builds, kind, amount).armCommand(0);
    const units: number[] = [];
    for (let unused = 0; units.length < wanted; ) {
      const line = await runInvocation(
        { ...contextOf(inputs, plan), armCommand, progress },
        { index: index++, seed: options.seed, control: false, idle: false, ratePerSecond: rate },
      );
      rate ??= line.cases[target.case]?.ratePerSecond ?? null;
      const unit = unitOrNull(line, metric);
      if (unit !== null) units.push(unit);
      else if (++unused > UNUSED_MAX) throw tooFew(kind, line.failure?.message);
    }
    return units;
  };
  try {
    process.stderr.write(`selftest: looking for the amount of ${seriesWords(options.series)}\n`);
    const found = await calibrate(metricName(metric), options.series.percent ?? 0, firstAmount, measure);
    process.stderr.write(`selftest: ${found.amount} units of ${kind}\n`);
    return found;
  } finally {
    progress.end();
  }
}

/** Of one amount. */
const UNUSED_MAX = 10;

function tooFew(kind: InjectedKind, failure: string | undefined): SelftestError {
  const why = failure ?? 'too many blocks were disturbed; free the machine and repeat';
  return new SelftestError('ERR_SELFTEST_CALIBRATION', `the amount of ${kind} cannot be found: ${why}`);
}

function unitOrNull(line: Parameters<typeof timedUnit>[0], metric: GatedMetric): number | null {
  const kept = line.cases[metric.case]?.blocks.candidate.some(({ dropped }) => dropped === null) ?? false;
  return line.failure === null && kept ? timedUnit(line, metric, 'candidate') : null;
}

function contextOf({ children, surroundings, signal }: SeriesInputs, plan: InvocationPlan) {
  const { generatorCommand } = surroundings;
  return { plan, children, generatorCommand, signal, readDisturbance: disturbanceReader() };
}

/** What `advance` of the progress adds up to in one invocation. */
function casesOf({ measuresClosed, open }: InvocationPlan): number {
  return Number(measuresClosed) + Number(open !== null);
}

function startStress(kind: SelftestKind, seed: number): Stress | null {
  if (kind === 'load') return startBackgroundLoad(seed);
  return kind === 'quota' ? startCpuQuota(allowedProcessors().length) : null;
}

function conclude(
  { measured, usable, failed, why, lastFailure }: Collected,
  { bank, series }: MeasureOptions,
): { text: string; exitCode: ExitCode } {
  if (why === 'failures') {
    throw new SelftestError(
      'ERR_SELFTEST_FAILURES',
      `ended after ${measured} invocations: the last ones failed in a row, with ${lastFailure}; they are in ${bank}`,
    );
  }
  const text = `${seriesWords(series)}: ${measured} invocations measured, ${usable} of them usable, ${failed} failed (${why})\n`;
  const exitCode = why === 'interrupted' ? EXIT.interrupted : EXIT.pass;
  return { text: `${text}bank ${bank}\n`, exitCode };
}
