import { join, resolve } from 'node:path';
import { BaselineError } from '../../ci/baseline-store/baseline-error.js';
import type { StoredRun } from '../../ci/baseline-store/baseline-file.js';
import { judgeWithBaselines, prepareBaselines } from '../../ci/baseline-store/baseline-options.js';
import { renderReport } from '../../reports/render-report.js';
import { measureAluNoise } from '../../scenarios/harness/alu-noise.js';
import { Children } from '../../scenarios/harness/arm-process.js';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { readBuild } from '../../scenarios/harness/build-record.js';
import { EXIT, type ExitCode, strongest } from '../../scenarios/harness/exit-code.js';
import { InterruptedError } from '../../scenarios/harness/interruption.js';
import { acquireLock, describeHolder } from '../../scenarios/harness/lock.js';
import { allowedProcessors, hasTaskset, readMachine } from '../../scenarios/harness/machine.js';
import { swallowedByNpm } from '../../scenarios/harness/npm-swallowed.js';
import { readPressure } from '../../scenarios/harness/pressure.js';
import { formatSeconds } from '../../scenarios/harness/progress.js';
import type { BuildRecord, RunRecord } from '../../scenarios/harness/record.js';
import { createRunFolder, linkLatest, runsFolder } from '../../scenarios/harness/run-places.js';
import { trapSignals } from '../../scenarios/harness/signals.js';
import { terminalProgress } from '../../scenarios/harness/terminal-progress.js';
import { typedPath } from '../../scenarios/harness/typed-path.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { judge } from '../../scenarios/harness/verdict.js';
import type { Effort } from '../harness/case-round.js';
import { chooseCases } from '../harness/choose-cases.js';
import type { Suite } from '../harness/suite.js';
import {
  parseSuiteCommandLine,
  SUITE_OPTIONS,
  type SuiteOptions,
  suiteHelp,
} from '../harness/suite-options.js';
import { suiteRecord, suiteRecordName } from '../harness/suite-record.js';
import { FULL_EFFORT, measureSuite, QUICK_EFFORT, secondsOf } from '../harness/suite-run.js';
import { hashSuite } from '../harness/suite-source.js';
import { renderSuite, suiteSentence } from '../harness/suite-table.js';
import { SUITES } from '../registry.js';

/** `npm run suite`: measures suites one after the other; each leaves a table, a record and a report. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const BASELINES = process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines');

async function main(): Promise<ExitCode> {
  const args = process.argv.slice(2);
  const intended = swallowedByNpm(args, process.env, { name: 'suite', options: SUITE_OPTIONS });
  if (intended !== null)
    throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${intended}`);
  const names = SUITES.map((suite) => suite.name);
  const commandLine = parseSuiteCommandLine(args, names, Date.now() >>> 0);
  if (commandLine.mode === 'help') {
    process.stdout.write(suiteHelp());
    return EXIT.pass;
  }
  if (commandLine.mode === 'list') {
    process.stdout.write(SUITES.map(listing).join('\n'));
    return EXIT.pass;
  }
  const { suites, options } = commandLine;
  const chosen = chooseCases(
    SUITES.filter((suite) => suites.includes(suite.name)),
    options,
  );
  const build = readBuild(ROOT);
  // All of them before the first is measured: they take minutes.
  const prepared = chosen.map((suite) => prepare(suite, options, build));
  const codes: ExitCode[] = [];
  const children = new Children();
  const signals = trapSignals(children);
  try {
    for (const suite of prepared) {
      codes.push(await runSuite(suite, options, signals.signal));
      if (signals.signal.aborted) break;
    }
  } finally {
    signals.release();
  }
  return strongest(codes);
}

function listing(suite: Suite): string {
  const cases = suite.cases.map((each) => `  ${each.name}: ${each.arms.map((arm) => arm.name).join(', ')}\n`);
  return `${suite.name}  ${suite.title}\n${cases.join('')}`;
}

interface PreparedSuite {
  suite: Suite;
  hash: string;
  build: BuildRecord;
  /** Runs to be compared with. */
  stored: StoredRun[] | null;
}

/** Throws where the options ask for a comparison that cannot be made, or for a run to be stored that would be refused. */
function prepare(suite: Suite, options: SuiteOptions, build: BuildRecord): PreparedSuite {
  const hash = hashSuite(ROOT, suite.name);
  const arms = suite.cases.map((each) => each.arms.map((arm) => arm.name));
  const work = { name: suiteRecordName(suite), hash, arms };
  return { suite, hash, build, stored: prepareBaselines(BASELINES, work, options, build) };
}

async function runSuite(
  { suite, hash, build, stored }: PreparedSuite,
  options: SuiteOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const base = options.quick ? QUICK_EFFORT : FULL_EFFORT;
  const effort: Effort = { ...base, rounds: options.rounds ?? base.rounds };
  const release = await acquireLock({
    purpose: `suite ${suite.name}`,
    signal,
    onWait: (holder) => process.stderr.write(`waiting for ${describeHolder(holder)}\n`),
  });
  try {
    const startedAt = new Date();
    const seconds = secondsOf(suite.cases, effort);
    process.stderr.write(
      `${suite.name}: ${suite.cases.length} cases, ${effort.rounds} rounds, seed ${options.seed}, ` +
        `about ${formatSeconds(seconds)}\n`,
    );
    const progress = terminalProgress(options.progress, seconds, seconds, signal);
    progress.phase('noise of the machine');
    const notes: string[] = [];
    const noise = await measureAluNoise(allowedProcessors(), hasTaskset(), signal).catch((error: Error) => {
      notes.push(`the noise figure was not measured: ${error.message}`);
      return 0;
    });
    const { seed } = options;
    const samples = await measureSuite({ cases: suite.cases, effort, seed, signal, progress, readPressure });
    progress.end();
    release();
    const machine = readMachine(noise);
    const record = suiteRecord({
      suite,
      hash,
      options,
      effort,
      samples,
      machine,
      build,
      startedAt,
      finishedAt: new Date(),
    });
    record.notes?.push(...notes);
    return await conclude(record, options, stored);
  } finally {
    release();
  }
}

/** Judges, writes and prints; what cannot be written makes the run an error without taking back what was measured. */
async function conclude(
  record: RunRecord,
  options: SuiteOptions,
  stored: StoredRun[] | null,
): Promise<ExitCode> {
  const further: { code: ExitCode; reason: string }[] = [];
  const judgement = { strict: options.strict, quick: options.quick, failure: null, further };
  await judgeWithBaselines(record, options, { baselines: BASELINES, stored }, judgement);
  let places = '';
  try {
    places = writeResults(record, await renderReport([record]), options);
  } catch (error) {
    further.push({ code: EXIT.error, reason: (error as Error).message });
    judge(record, judgement);
  }
  const reasons = record.reasons.map((reason) => `  ${reason}\n`).join('');
  process.stdout.write(`${renderSuite(record)}\n\n${suiteSentence(record)}\n${reasons}\n${places}`);
  return record.exitCode as ExitCode;
}

/** Returns the lines that name what was written. */
function writeResults(record: RunRecord, html: string, options: SuiteOptions): string {
  const runs = runsFolder(ROOT, process.env);
  const name = record.scenario.replace(':', '-');
  const folder = createRunFolder(runs, new Date(record.startedAt), name, record.seed);
  const files = [
    {
      name: 'record',
      path: join(folder, 'record.json'),
      copy: options.json,
      text: `${JSON.stringify(record)}\n`,
    },
    { name: 'report', path: join(folder, 'report.html'), copy: options.html, text: html },
  ];
  for (const { path, copy, text } of files) {
    writeFileAtomic(path, text);
    if (copy !== null) writeFileAtomic(typedPath(copy), text);
  }
  linkLatest(runs, folder);
  return files.map((file) => `${file.name}  ${file.path}\n`).join('');
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof BaselineError) return error.exitCode;
  return error instanceof UsageError ? EXIT.usage : EXIT.error;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
