import { join, resolve } from 'node:path';
import { BaselineError } from '../../ci/baseline-store/baseline-error.js';
import type { StoredRun } from '../../ci/baseline-store/baseline-file.js';
import { judgeWithBaselines, prepareBaselines } from '../../ci/baseline-store/baseline-options.js';
import { armCommand, generatorCommand, threadWorkCommand } from '../arms/registry.js';
import { measureAluNoise } from '../harness/alu-noise.js';
import { loadAnyScenario, loadAnyScenarioFile, type SoakScenario } from '../harness/any-scenario.js';
import { Children } from '../harness/arm-process.js';
import { writeFileAtomic } from '../harness/atomic-write.js';
import { readBuild } from '../harness/build-record.js';
import { readCapabilities } from '../harness/capabilities.js';
import { EXIT, type ExitCode } from '../harness/exit-code.js';
import { FileProblemsError } from '../harness/file-problem.js';
import { helpText } from '../harness/help.js';
import { InterruptedError } from '../harness/interruption.js';
import { acquireLock, describeHolder } from '../harness/lock.js';
import { readMachine } from '../harness/machine.js';
import type { Medium } from '../harness/medium.js';
import { swallowedByNpm } from '../harness/npm-swallowed.js';
import { parseCommandLine, type RunOptions } from '../harness/options.js';
import { installPackages } from '../harness/own-packages.js';
import { type Capabilities, planRun, type RunPlan } from '../harness/planner.js';
import { readPressure } from '../harness/pressure.js';
import { formatSeconds } from '../harness/progress.js';
import type { RunRecord } from '../harness/record.js';
import { renderResults } from '../harness/result-table.js';
import { measureRun, type RunSamples } from '../harness/run.js';
import type { ArmCommand } from '../harness/run-context.js';
import { createRunFolder, linkLatest, pruneRuns, runsFolder } from '../harness/run-places.js';
import { buildRecord } from '../harness/run-record.js';
import { type Scenario, ScenarioNotFoundError, scenarioNames } from '../harness/scenario-file.js';
import { trapSignals } from '../harness/signals.js';
import { terminalProgress } from '../harness/terminal-progress.js';
import { typedPath } from '../harness/typed-path.js';
import { UsageError } from '../harness/usage-error.js';
import { judge, verdictSentence } from '../harness/verdict.js';
import type { ProfileTool } from '../profiling/profile-tools.js';
import {
  createProfileFolder,
  dropProfile,
  keepProfile,
  profiledCommand,
  profiledRun,
  requireNode,
} from '../profiling/profiled-run.js';
import { prepareRivals } from '../rivals/rival-packages.js';
import { soakCommand } from '../soak/soak-command.js';
import { planSoak } from '../soak/soak-plan.js';

/** `npm run scenario`: measures one scenario and leaves a table, a record and a report. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const SCENARIOS = process.env.MSGTRANS_SCENARIOS_DIR ?? join(ROOT, 'scenarios');
const BASELINES = process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines');
const PROFILING = join(ROOT, 'scenarios', 'profiling');
const RIVALS = join(ROOT, 'scenarios', 'rivals');

const commandOf = (arm: string, medium: Medium) => armCommand(arm, medium, ROOT);

async function main(): Promise<ExitCode> {
  const args = process.argv.slice(2);
  const intended = swallowedByNpm(args, process.env);
  if (intended !== null)
    throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${intended}`);
  const commandLine = parseCommandLine(args, Date.now() >>> 0);
  if (commandLine.mode === 'help') {
    process.stdout.write(helpText());
    return EXIT.pass;
  }
  if (commandLine.mode === 'list') return listScenarios();
  const loaded = loadAnyScenario(SCENARIOS, commandLine.scenario);
  if (loaded.kind === 'soak') return runSoakScenario(loaded.scenario, commandLine.options);
  refuseSoakOptions(commandLine.options);
  if (commandLine.options.profile === null) return runScenario(loaded.scenario, commandLine.options);
  return profileScenario(loaded.scenario, commandLine.options);
}

/** Longer slots than this are a mistake in a scenario that measures in rounds. */
const SLOT_MS_MAX = 3_600_000;

function refuseSoakOptions({ durationMs, soak }: RunOptions): void {
  const given = [
    ['--resume', soak.resume],
    ['--checkpoint', soak.checkpointSeconds],
    ['--plant', soak.plant],
  ].filter(([, value]) => value !== null);
  if (given.length > 0) {
    throw new UsageError(
      `${given.map(([name]) => name).join(', ')}: for scenarios of the kind soak, such as stability-24h`,
    );
  }
  if (durationMs !== null && durationMs > SLOT_MS_MAX) {
    throw new UsageError('--duration is the time per case, arm and round here, at most 60m');
  }
}

/** One lock for the machine, as every measuring run. */
async function runSoakScenario(scenario: SoakScenario, options: RunOptions): Promise<ExitCode> {
  // What is wrong with the options is said at once.
  if (options.profile !== null) {
    throw new UsageError('--profile: for scenarios that measure in rounds; a soak has no case to look at');
  }
  planSoak(scenario, options);
  const children = new Children();
  const signals = trapSignals(children);
  try {
    const release = await lockMachine(scenario.name, signals.signal);
    try {
      const { processors, taskset } = readCapabilities(commandOf);
      const noise = await noiseOf(processors, taskset, signals.signal);
      return await soakCommand(scenario, options, {
        ...{ rootDir: ROOT, children, signal: signals.signal, notes: noise.notes },
        runs: runsFolder(ROOT, process.env),
        machine: readMachine(noise.aluNoisePercent),
        build: readBuild(ROOT),
        async render(record) {
          const { renderReport } = await import('../../reports/render-report.js');
          return renderReport([record]);
        },
      });
    } finally {
      release();
    }
  } finally {
    signals.release();
  }
}

function lockMachine(name: string, signal: AbortSignal): Promise<() => void> {
  return acquireLock({
    purpose: `scenario ${name}`,
    signal,
    onWait: (holder) => process.stderr.write(`waiting for ${describeHolder(holder)}\n`),
  });
}

/** The noise figure, or a note that says why there is none. */
async function noiseOf(
  processors: readonly number[],
  taskset: boolean,
  signal: AbortSignal,
): Promise<{ aluNoisePercent: number; notes: string[] }> {
  try {
    return { aluNoisePercent: await measureAluNoise(processors, taskset, signal), notes: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { aluNoisePercent: 0, notes: [`the noise figure was not measured: ${why}`] };
  }
}

function listScenarios(): ExitCode {
  let code: ExitCode = EXIT.pass;
  const names = scenarioNames(SCENARIOS);
  const width = Math.max(0, ...names.map((name) => name.length));
  for (const name of names) {
    try {
      process.stdout.write(
        `${name.padEnd(width)}  ${loadAnyScenarioFile(join(SCENARIOS, `${name}.yaml`)).scenario.title}\n`,
      );
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      code = EXIT.usage;
    }
  }
  return code;
}

/** Installs the profilers on first use, and runs one arm under one of them. */
async function profileScenario(scenario: Scenario, options: RunOptions): Promise<ExitCode> {
  const profiled = profiledRun(scenario, options);
  // What cannot be profiled says so before anything is installed.
  const { servers } = planRun(profiled.scenario, profiled.options, readCapabilities(commandOf));
  for (const { arm, medium } of servers) requireNode(commandOf(arm, medium));
  await installPackages(PROFILING, {
    onStart: () => process.stderr.write('installing clinic (some 150 MB, once)…\n'),
  });
  const output = createProfileFolder(runsFolder(ROOT, process.env));
  try {
    const profiler = { clinic: PROFILING, output };
    const underProfiler: ArmCommand = (arm, medium) =>
      profiledCommand(options.profile as ProfileTool, commandOf(arm, medium), profiler);
    return await runScenario(profiled.scenario, profiled.options, underProfiler, output);
  } finally {
    dropProfile(output);
  }
}

async function runScenario(
  scenario: Scenario,
  options: RunOptions,
  armCommand: ArmCommand = commandOf,
  profile: string | null = null,
): Promise<ExitCode> {
  const machine = await readyCapabilities(scenario, options);
  const plan = planRun(scenario, options, machine);
  const build = readBuild(ROOT);
  const work = { name: scenario.name, hash: scenario.hash, arms: [plan.arms] };
  const stored = prepareBaselines(BASELINES, work, options, build);
  const children = new Children();
  const signals = trapSignals(children);
  const runs = runsFolder(ROOT, process.env);
  try {
    const release = await lockMachine(scenario.name, signals.signal);
    try {
      const startedAt = new Date();
      process.stderr.write(
        `${scenario.name}: ${plan.cases.length} cases, ${plan.arms.length} arms, ${plan.rounds} rounds, ` +
          `seed ${options.seed}, about ${formatSeconds(plan.seconds)}\n`,
      );
      const measured = await measure(plan, options, machine, children, signals.signal, armCommand);
      release();
      const record = buildRecord({
        ...{ scenario, options, plan, build, startedAt },
        samples: measured.samples,
        machine: readMachine(measured.aluNoisePercent),
        finishedAt: new Date(),
      });
      record.notes?.push(...measured.notes);
      return await conclude(record, options, stored, measured.samples.failure, { runs, profile });
    } finally {
      release();
    }
  } finally {
    signals.release();
  }
}

/** What this machine can measure, once the rivals that the run asks for are installed as far as they can be. */
async function readyCapabilities(scenario: Scenario, options: RunOptions): Promise<Capabilities> {
  const machine = readCapabilities(commandOf);
  const problems = await prepareRivals(RIVALS, planRun(scenario, options, machine).arms, {
    onStart: () => process.stderr.write('installing the packages of scenarios/rivals (some 40 MB, once)…\n'),
  });
  return { ...machine, armProblem: (arm, medium) => problems[arm] ?? machine.armProblem(arm, medium) };
}

async function measure(
  plan: RunPlan,
  options: RunOptions,
  machine: Capabilities,
  children: Children,
  signal: AbortSignal,
  armCommand: ArmCommand,
): Promise<{ samples: RunSamples; aluNoisePercent: number; notes: string[] }> {
  const progress = terminalProgress(options.progress, plan.seconds, plan.progressSeconds, signal);
  progress.phase('noise of the machine');
  const noise = await noiseOf(machine.processors, machine.taskset, signal);
  const samples = await measureRun({
    ...{ plan, children, signal, progress, readPressure },
    seed: options.seed,
    armCommand,
    generatorCommand: generatorCommand(ROOT),
    threadWorkCommand: threadWorkCommand(ROOT),
  });
  progress.end();
  return { samples, ...noise };
}

/** Judges, writes and prints; what cannot be written makes the run an error without taking back what was measured. */
async function conclude(
  record: RunRecord,
  options: RunOptions,
  stored: StoredRun[] | null,
  failure: Error | null,
  places: Places,
): Promise<ExitCode> {
  const further: { code: ExitCode; reason: string }[] = [];
  const { strict, quick } = options;
  const judgement = { strict, quick, profiled: options.profile !== null, failure, further };
  await judgeWithBaselines(record, options, { baselines: BASELINES, stored }, judgement);
  let html: string | null = null;
  try {
    const { renderReport } = await import('../../reports/render-report.js');
    html = await renderReport([record]);
  } catch (error) {
    further.push({ code: EXIT.error, reason: `the report could not be made: ${(error as Error).message}` });
    judge(record, judgement);
  }
  const written: string[] = [];
  try {
    written.push(...writeResults(record, html, options, places));
  } catch (error) {
    // The numbers are printed all the same: they took minutes, and the disk may be the only thing that is wrong.
    further.push({ code: EXIT.error, reason: (error as Error).message });
    judge(record, judgement);
  }
  const reasons = record.reasons.map((reason) => `  ${reason}\n`).join('');
  process.stdout.write(
    `${renderResults(record)}\n\n${verdictSentence(record)}\n${reasons}\n${written.join('')}`,
  );
  return record.exitCode as ExitCode;
}

/** Where results go. */
interface Places {
  runs: string;
  /** What a profiler wrote, to be moved into the run's folder. */
  profile: string | null;
}

/** Returns the lines that name what was written. */
function writeResults(
  record: RunRecord,
  html: string | null,
  options: RunOptions,
  { runs, profile }: Places,
): string[] {
  const folder = createRunFolder(runs, new Date(record.startedAt), record.scenario, record.seed);
  const json = `${JSON.stringify(record)}\n`;
  const recordPath = join(folder, 'record.json');
  for (const path of [recordPath, options.json]) if (path !== null) writeFileAtomic(typedPath(path), json);
  linkLatest(runs, folder);
  const lines = [`record  ${recordPath}\n`];
  if (html !== null) {
    const reportPath = join(folder, 'report.html');
    for (const path of [reportPath, options.html]) if (path !== null) writeFileAtomic(typedPath(path), html);
    lines.push(`report  ${reportPath}\n`);
  }
  if (options.keep !== null) pruneRuns(runs, options.keep);
  if (profile !== null && !record.interrupted) {
    for (const page of keepProfile(profile, folder)) lines.push(`profile ${page}\n`);
  }
  return lines;
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof BaselineError) return error.exitCode;
  const usage = [UsageError, FileProblemsError, ScenarioNotFoundError];
  return usage.some((kind) => error instanceof kind) ? EXIT.usage : EXIT.error;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
