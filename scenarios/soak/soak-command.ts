import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { SoakScenario } from '../harness/any-scenario.js';
import type { Children } from '../harness/arm-process.js';
import { writeFileAtomic } from '../harness/atomic-write.js';
import type { ExitCode } from '../harness/exit-code.js';
import { EXIT } from '../harness/exit-code.js';
import type { RunOptions } from '../harness/options.js';
import { readPressure } from '../harness/pressure.js';
import { formatSeconds } from '../harness/progress.js';
import type { BuildRecord, MachineRecord, RunRecord } from '../harness/record.js';
import { createRunFolder, linkLatest, pruneRuns } from '../harness/run-places.js';
import { terminalProgress } from '../harness/terminal-progress.js';
import { UsageError } from '../harness/usage-error.js';
import { judge, verdictSentence } from '../harness/verdict.js';
import { CheckpointLog, type RunFacts } from './checkpoint-log.js';
import { readCheckpoints, repair } from './checkpoint-reader.js';
import { LeakWatch } from './leak-watch.js';
import { checkIdentity, type RunIdentity, resumedRunFolder } from './run-selection.js';
import { planSoak, type SoakPlan } from './soak-plan.js';
import { soakRecord } from './soak-record.js';
import { runSoak } from './soak-run.js';
import { SoakState } from './soak-state.js';
import { renderSoak } from './soak-table.js';

/** What the command needs from where it was called. */
export interface SoakSurroundings {
  rootDir: string;
  /** Folder of all runs. */
  runs: string;
  children: Children;
  signal: AbortSignal;
  machine: MachineRecord;
  build: BuildRecord;
  notes: readonly string[];
  /** Makes the page of a record. */
  render: (record: RunRecord) => Promise<string>;
}

/** A run that is new, or that goes on. */
interface OpenedRun {
  folder: string;
  plan: SoakPlan;
  state: SoakState;
  log: CheckpointLog;
  startedAt: Date;
}

/** `npm run scenario` for a scenario of the kind soak. */
export async function soakCommand(
  scenario: SoakScenario,
  options: RunOptions,
  around: SoakSurroundings,
): Promise<ExitCode> {
  const run = openRun(scenario, options, around);
  const { folder, plan, state, log } = run;
  const left = plan.durationSeconds - state.measuredSeconds;
  process.stderr.write(
    `${scenario.name}: ${plan.arms.map(({ arm }) => arm).join(' and ')} for ${formatSeconds(left)}, seed ${plan.seed}, ` +
      `a checkpoint each ${formatSeconds(plan.checkpointSeconds)} in ${folder}\n`,
  );
  const watch = new LeakWatch(plan.limits);
  const recordPath = resolve(folder, 'record.json');
  const recordNow = (status: { running: boolean; interrupted: boolean }): RunRecord =>
    soakRecord({
      ...around,
      ...status,
      scenario,
      plan,
      state,
      startedAt: run.startedAt,
      finishedAt: new Date(),
      leaks: watch.findings,
    });
  const progress = terminalProgress(options.progress, left, left, around.signal);
  const outcome = await runSoak({
    ...{ plan, state, log, progress, readPressure },
    children: around.children,
    rootDir: around.rootDir,
    signal: around.signal,
    onCheckpoint() {
      watch.judge(state);
      const record = recordNow({ running: true, interrupted: false });
      judge(record, { strict: false, quick: plan.quick, failure: null, further: [] });
      record.reasons.unshift(
        `the run goes on: ${formatSeconds(plan.durationSeconds - state.measuredSeconds)} left`,
      );
      if (record.verdict === 'pass') record.verdict = 'inconclusive';
      writeFileAtomic(recordPath, `${JSON.stringify(record)}\n`);
    },
  });
  progress.end();
  watch.judge(state);
  const record = recordNow({ running: false, interrupted: outcome.reason === 'interrupted' });
  return await conclude(record, outcome.failure, options, around, folder);
}

function openRun(scenario: SoakScenario, options: RunOptions, around: SoakSurroundings): OpenedRun {
  const { runs, build, machine } = around;
  const identity: RunIdentity = {
    scenario: scenario.name,
    scenarioHash: scenario.hash,
    nativeHash: build.nativeHash,
    fingerprint: machine.fingerprint,
  };
  const plan = planSoak(scenario, options);
  if (options.soak.resume !== null) return reopen(scenario, options, plan, identity, runs);
  const startedAt = new Date();
  const folder = createRunFolder(runs, startedAt, scenario.name, plan.seed);
  linkLatest(runs, folder);
  const facts: RunFacts = {
    ...identity,
    run: randomUUID(),
    seed: plan.seed,
    durationSeconds: plan.durationSeconds,
    checkpointSeconds: plan.checkpointSeconds,
    quick: plan.quick,
    plant: plan.plant,
    startedAt: startedAt.toISOString(),
  };
  const log = new CheckpointLog(folder, facts);
  return { folder, plan, startedAt, log, state: new SoakState(plan.arms.map(({ arm }) => arm)) };
}

/** Reads what the run has written, cuts off what a kill left half done, and goes on behind it. */
function reopen(
  scenario: SoakScenario,
  options: RunOptions,
  planned: SoakPlan,
  identity: RunIdentity,
  runs: string,
): OpenedRun {
  const folder = resumedRunFolder(runs, options.soak.resume as string, scenario.name);
  const state = new SoakState(planned.arms.map(({ arm }) => arm));
  const read = readCheckpoints(folder, (entry) => state.apply(entry));
  const { run } = read;
  checkIdentity(folder, run, identity);
  // What it was begun with stays, but for a length that is asked for now.
  const asBegun: RunOptions = {
    ...options,
    quick: run.quick,
    seed: run.seed,
    durationMs: options.durationMs ?? run.durationSeconds * 1000,
    soak: { ...options.soak, checkpointSeconds: run.checkpointSeconds, plant: run.plant },
  };
  const plan = planSoak(scenario, asBegun);
  if (state.measuredSeconds >= plan.durationSeconds) {
    throw new UsageError(
      `${folder} has worked for ${formatSeconds(state.measuredSeconds)}, all that it was to; a longer --duration goes on`,
    );
  }
  repair(read);
  linkLatest(runs, folder);
  const { sequence: _, segment: __, kind: ___, schema: ____, ...facts } = run;
  const log = new CheckpointLog(folder, facts, read.nextSegment, read.nextSequence);
  return { folder, plan, state, log, startedAt: new Date(run.startedAt) };
}

/** Judges, writes and prints; what cannot be written makes the run an error without taking back what was measured. */
async function conclude(
  record: RunRecord,
  failure: Error | null,
  options: RunOptions,
  around: SoakSurroundings,
  folder: string,
): Promise<ExitCode> {
  const further: { code: ExitCode; reason: string }[] = [];
  const rejudge = (): void =>
    judge(record, { strict: options.strict, quick: record.options.quick === true, failure, further });
  rejudge();
  const places: string[] = [];
  const attempt = async (what: string, work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (error) {
      further.push({ code: EXIT.error, reason: `${what}: ${(error as Error).message}` });
      rejudge();
    }
  };
  await attempt('the record could not be written', () => {
    const paths = [resolve(folder, 'record.json'), options.json].filter((path) => path !== null);
    for (const path of paths) writeFileAtomic(resolve(path), `${JSON.stringify(record)}\n`);
    places.push(`record  ${paths[0]}\n`);
  });
  await attempt('the report could not be made', async () => {
    const html = await around.render(record);
    const paths = [resolve(folder, 'report.html'), options.html].filter((path) => path !== null);
    for (const path of paths) writeFileAtomic(resolve(path), html);
    places.push(`report  ${paths[0]}\n`);
  });
  if (options.keep !== null) pruneRuns(around.runs, options.keep);
  const reasons = record.reasons.map((reason) => `  ${reason}\n`).join('');
  process.stdout.write(`${renderSoak(record)}\n\n${verdictSentence(record)}\n${reasons}\n${places.join('')}`);
  return record.exitCode as ExitCode;
}
