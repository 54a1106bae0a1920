import { join, resolve } from 'node:path';
import { readEvidence, readGateHistory } from '../../reports/gate/beside-gate.js';
import { readGate } from '../../reports/gate/read-gate.js';
import { renderGate } from '../../reports/gate/render-gate.js';
import { ReportError } from '../../reports/record-file/report-error.js';
import { armCommand, injectedCommand } from '../../scenarios/arms/registry.js';
import { Children } from '../../scenarios/harness/arm-process.js';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { readBuild } from '../../scenarios/harness/build-record.js';
import { readCapabilities } from '../../scenarios/harness/capabilities.js';
import { EXIT, type ExitCode } from '../../scenarios/harness/exit-code.js';
import { FileProblemsError } from '../../scenarios/harness/file-problem.js';
import { InterruptedError } from '../../scenarios/harness/interruption.js';
import { acquireLock, describeHolder } from '../../scenarios/harness/lock.js';
import { readMachine } from '../../scenarios/harness/machine.js';
import type { Medium } from '../../scenarios/harness/medium.js';
import { swallowedByNpm } from '../../scenarios/harness/npm-swallowed.js';
import { readPressure } from '../../scenarios/harness/pressure.js';
import { createRunFolder, linkLatest, runsFolder } from '../../scenarios/harness/run-places.js';
import { loadScenario, type Scenario } from '../../scenarios/harness/scenario-file.js';
import { trapSignals } from '../../scenarios/harness/signals.js';
import { terminalProgress } from '../../scenarios/harness/terminal-progress.js';
import { typedPath } from '../../scenarios/harness/typed-path.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { BaselineError } from '../baseline-store/baseline-error.js';
import {
  anchorAt,
  latestPromotion,
  type Promotion,
  readHistory,
} from '../baseline-store/promotion-history.js';
import { readBaselineIfPresent } from '../baseline-store/read-baseline.js';
import { BUILD_MS_MAX, buildCommit, captureCandidate } from '../gate/base-build/base-builder.js';
import { BaseError } from '../gate/base-build/base-error.js';
import { BuildCache, type CachedBuild, cacheFolder } from '../gate/base-build/build-cache.js';
import { type ChosenBase, chooseAnchor, chooseBase } from '../gate/base-build/choose-base.js';
import { servesTheSame } from '../gate/base-build/identical-files.js';
import { readToolchain } from '../gate/base-build/toolchain-key.js';
import { disturbanceReader } from '../gate/invocation/disturbance.js';
import { type GatedMetric, gatedMetrics } from '../gate/invocation/gated-metrics.js';
import { invocationSeconds, planInvocation } from '../gate/invocation/invocation-plan.js';
import { type HeaderLine, RAW_SCHEMA, RawFile } from '../gate/invocation/raw-file.js';
import { INVOCATIONS_MAX, measureGate } from '../gate/measure-gate.js';
import { GATE_OPTIONS, type GateOptions, gateHelp, parseGateOptions } from '../gate/options.js';
import { type GateSummary, summariseVerdict } from '../gate/output/gate-summary.js';
import { summariseIdentical } from '../gate/output/identical-summary.js';
import { summaryJunit } from '../gate/output/junit.js';
import { summaryMarkdown } from '../gate/output/markdown.js';
import { summaryText } from '../gate/output/summary-text.js';
import { type Preflight, preflight } from '../gate/preflight/preflight.js';
import { runSelftest } from '../gate/selftest/selftest-command.js';
import { measureStoredGate, planStoredGate, summariseObjections } from '../gate/stored/stored-gate.js';
import { type GateOccasion, identicalLines, interleavedLines, storedLines } from '../history/gate-lines.js';
import { gateHistoryPath } from '../history/history-file.js';
import type { HistoryLine } from '../history/history-line.js';
import { currentBranch, rememberGate } from '../history/remember-gate.js';
import { countedProgram } from '../instructions/counted-program.js';
import { readCountingToolchain } from '../instructions/counting-toolchain.js';
import {
  countForGate,
  type GateInstructions,
  gateReference,
  profilesFolder,
  withInstructions,
} from '../instructions/gate-counts.js';
import { InstructionError } from '../instructions/instruction-error.js';

/** `npm run gate`: says whether this checkout is slower than its base. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const SCENARIO = 'concurrent-1k';
const SCENARIOS = join(ROOT, 'scenarios');
const BASELINES = process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines');
const EVIDENCE = join(ROOT, 'ci', 'gate', 'evidence', 'evidence.json');
const GENERATOR = join(ROOT, 'native', 'build', 'Release', 'load_generator');
const COUNTED = countedProgram(ROOT);

const generatorCommand = { command: GENERATOR, args: [] };
const commandOf = (arm: string, medium: Medium) => armCommand(arm, medium, ROOT);

async function main(): Promise<ExitCode> {
  const args = process.argv.slice(2);
  if (args[0] === 'selftest') return selftest(args.slice(1));
  const intended = swallowedByNpm(args, process.env, { name: 'gate', options: GATE_OPTIONS });
  if (intended !== null)
    throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${intended}`);
  const options = parseGateOptions(args, Date.now() >>> 0);
  if (options === null) {
    process.stdout.write(gateHelp());
    return EXIT.pass;
  }
  const code = await runGate(options).catch(tell);
  return options.allowInconclusive && code === EXIT.inconclusive ? EXIT.pass : code;
}

function selftest(args: readonly string[]): Promise<ExitCode> {
  return runSelftest(args, {
    ...{ rootDir: ROOT, environment: process.env, generatorCommand },
    commands: { serve: (rootDir) => armCommand('native', 'sockets', rootDir), inject: injectedCommand },
    defaults: () => loadScenario(SCENARIOS, SCENARIO).defaults,
    lookAtMachine,
  });
}

async function runGate(options: GateOptions): Promise<ExitCode> {
  const metrics = gatedMetrics(options);
  const scenario = loadScenario(SCENARIOS, SCENARIO);
  const chosen = chosenBase(options);
  const reference = options.instructions
    ? gateReference({
        ...{ rootDir: ROOT, baselines: BASELINES, toolchain: readCountingToolchain(COUNTED) },
        baseCommit: 'commit' in chosen ? chosen.commit : null,
      })
    : null;
  const children = new Children();
  const signals = trapSignals(children);
  try {
    // Building disturbs who measures, so the lock comes first.
    const release = await acquireLock({
      ...{ purpose: 'gate', signal: signals.signal, heldMsMax: gateMsMax(options, metrics, scenario) },
      onWait: (holder) => process.stderr.write(`waiting for ${describeHolder(holder)}\n`),
    });
    try {
      const builds = await builtBase(chosen, options, signals.signal);
      const counting = { program: COUNTED, folder: profilesFolder(runsFolder(ROOT, process.env)) };
      const instructions =
        reference === null ? null : await countForGate(reference, counting, signals.signal);
      const run: GateRun = { options, instructions, metrics, scenario, children, signal: signals.signal };
      if ('why' in builds) return await runStored(run, builds.why);
      const { base, candidate } = builds;
      const isIdentical = !options.measureIdentical && servesTheSame(base.rootDir, candidate.rootDir);
      return await (isIdentical ? passIdentical : runInterleaved)(run, builds);
    } finally {
      release();
    }
  } finally {
    signals.release();
  }
}

/** The most that a gate takes: building the base, and each invocation that the last look and a confirmation want. */
function gateMsMax({ budgetMinutes }: GateOptions, metrics: GatedMetric[], { defaults }: Scenario): number {
  const seconds = invocationSeconds(planInvocation(metrics, defaults));
  const measuringMs = budgetMinutes === null ? INVOCATIONS_MAX * seconds * 1_000 : budgetMinutes * 60_000;
  return Math.ceil(BUILD_MS_MAX + 2 * measuringMs);
}

interface GateRun {
  options: GateOptions;
  metrics: GatedMetric[];
  /** Null when they were not asked for. */
  instructions: GateInstructions | null;
  scenario: Scenario;
  children: Children;
  signal: AbortSignal;
}

interface Builds {
  base: CachedBuild;
  candidate: CachedBuild;
  chosen: ChosenBase;
}

/** Only these two say that there may be another comparison; the others want something done. */
const FALLS_BACK: readonly string[] = ['ERR_BASE_NONE', 'ERR_BASE_BUILD_FAILED'];

function fallBack(error: unknown): { why: string } {
  if (error instanceof BaseError && FALLS_BACK.includes(error.code)) return { why: error.message };
  throw error;
}

/** Before anything is locked or built: a name that git does not know ends the command at once. */
function chosenBase({ base, anchor }: GateOptions): ChosenBase | { why: string } {
  try {
    // Who names the base asks nothing of the stored ones, and is not stopped by one that is damaged.
    const storedCommit = base === null ? storedCommitOf(anchor) : null;
    return anchor ? chooseAnchor(ROOT, storedCommit) : chooseBase(ROOT, { ref: base, storedCommit });
  } catch (error) {
    return fallBack(error);
  }
}

function promotionFor(anchor: boolean): Promotion | null {
  const history = readHistory(BASELINES);
  return anchor ? anchorAt(history, new Date()) : latestPromotion(history);
}

function baselineName(anchor: boolean): string {
  return promotionFor(anchor)?.name ?? (anchor ? 'anchor' : 'main');
}

function storedCommitOf(anchor: boolean): string | null {
  const promotion = promotionFor(anchor);
  if (promotion !== null) return promotion.commit;
  return readBaselineIfPresent(BASELINES, baselineName(anchor), SCENARIO)?.runs.at(-1)?.build.commit ?? null;
}

async function builtBase(
  chosen: ChosenBase | { why: string },
  options: GateOptions,
  signal: AbortSignal,
): Promise<Builds | { why: string }> {
  if (!('commit' in chosen)) return chosen;
  const cache = new BuildCache(cacheFolder(process.env));
  const places = { rootDir: ROOT, cache, toolchain: readToolchain() };
  // A candidate that cannot be served is an error, whatever the base.
  const { commit, dirty } = readBuild(ROOT);
  const candidate = await captureCandidate({ commit, dirty }, places, signal);
  try {
    const base = await buildCommit(chosen.commit, places, signal, () =>
      process.stderr.write(`building the base ${chosen.commit.slice(0, 12)}, once: some minutes…\n`),
    );
    return { base, candidate, chosen };
  } catch (error) {
    // Who names a base wants no other comparison.
    if (options.base !== null) throw error;
    return fallBack(error);
  }
}

/** Two builds that serve the same files differ by nothing that could be measured. */
async function passIdentical(run: GateRun, { base, candidate, chosen }: Builds): Promise<ExitCode> {
  const { options } = run;
  const startedAt = new Date();
  const folder = createRunFolder(runsFolder(ROOT, process.env), startedAt, 'gate', options.seed);
  const gate = {
    ...{ startedAt: startedAt.toISOString(), seed: options.seed, machine: readMachine(0) },
    base: { commit: base.commit, dirty: base.dirty, why: chosen.why },
    candidate: { commit: candidate.commit, dirty: candidate.dirty },
  };
  const summary = summariseIdentical(gate);
  const lines = identicalLines(gate, summary, occasion(options));
  return conclude(summary, summary, folder, run, lines);
}

async function runInterleaved(run: GateRun, { base, candidate, chosen }: Builds): Promise<ExitCode> {
  const { options, metrics, scenario, children, signal } = run;
  const { machine, objections } = await lookAtMachine(signal);
  const plan = planInvocation(metrics, scenario.defaults);
  const casesMeasured = Number(plan.measuresClosed) + Number(plan.open !== null);
  const startedAt = new Date();
  const folder = createRunFolder(runsFolder(ROOT, process.env), startedAt, 'gate', options.seed);
  const { fingerprint, cpuModel, cores, kernel, node, aluNoisePercent } = machine;
  const header: HeaderLine = {
    ...{ kind: 'header', schema: RAW_SCHEMA, startedAt: startedAt.toISOString(), seed: options.seed },
    ...{ metrics, blocks: plan.blocks, objections },
    base: { commit: base.commit, dirty: base.dirty, why: chosen.why },
    candidate: { commit: candidate.commit, dirty: candidate.dirty },
    toolchain: readToolchain(),
    machine: { fingerprint, cpuModel, cores, kernel, node, aluNoisePercent },
  };
  process.stderr.write(
    `gate: against ${chosen.commit.slice(0, 12)} (${chosen.why}), ${metrics.length} metrics, seed ${options.seed}\n`,
  );
  const raw = new RawFile(join(folder, 'invocations.ndjson'));
  try {
    const { file } = await measureGate({
      ...{ header, raw },
      context: {
        ...{ plan, children, generatorCommand, signal, readDisturbance: disturbanceReader() },
        armCommand: (arm) =>
          armCommand('native', 'sockets', arm === 'candidate' ? candidate.rootDir : base.rootDir),
      },
      budgetMs: options.budgetMinutes === null ? null : options.budgetMinutes * 60_000,
      progress: (invocations) =>
        terminalProgress(
          options.progress,
          invocations * invocationSeconds(plan),
          invocations * casesMeasured,
          signal,
        ),
    });
    const lines = interleavedLines(file, occasion(options));
    return await conclude(summariseVerdict(file), file, folder, run, lines);
  } finally {
    raw.close();
  }
}

/** Without a base build: one run against the stored ratios. */
async function runStored(run: GateRun, why: string): Promise<ExitCode> {
  const { options, scenario, children, signal } = run;
  process.stderr.write(`gate: no base build (${why}); comparing with stored ratios\n`);
  const name = baselineName(options.anchor);
  const machine = readCapabilities(commandOf);
  const stored = planStoredGate(scenario, [BASELINES, name], ROOT, options.seed, machine);
  const { machine: seen, objections } = await lookAtMachine(signal);
  if (objections.length > 0) {
    const startedAt = new Date();
    const folder = createRunFolder(runsFolder(ROOT, process.env), startedAt, 'gate', options.seed);
    const summary = summariseObjections(stored, why, objections);
    const outcome = { stored, startedAt: startedAt.toISOString(), machine: seen, summary, comparisons: [] };
    const lines = storedLines(outcome, occasion(options));
    return conclude(summary, summary, folder, run, lines);
  }
  const { plan } = stored;
  const progress = terminalProgress(options.progress, plan.seconds, plan.progressSeconds, signal);
  const limit = [options.limitPercent, why] as const;
  const inputs = { children, armCommand: commandOf, generatorCommand, signal, progress, readPressure };
  const result = await measureStoredGate(stored, scenario, limit, inputs, seen.aluNoisePercent);
  const { summary, record, comparisons } = result;
  progress.end();
  const startedAt = new Date(record.startedAt);
  const folder = createRunFolder(runsFolder(ROOT, process.env), startedAt, 'gate', options.seed);
  writeFileAtomic(join(folder, 'record.json'), `${JSON.stringify(record)}\n`);
  const outcome = { stored, startedAt: record.startedAt, machine: record.machine, summary, comparisons };
  const lines = storedLines(outcome, occasion(options));
  return conclude(summary, summary, folder, run, lines);
}

function occasion({ anchor }: GateOptions): GateOccasion {
  return { at: new Date(), branch: currentBranch(ROOT), anchor };
}

function lookAtMachine(signal: AbortSignal): Promise<Preflight> {
  const { processors, taskset } = readCapabilities(commandOf);
  return preflight(processors, taskset, signal);
}

function typed(path: string | null): string | null {
  return path === null ? null : typedPath(path);
}

/** Writes and prints; what cannot be written is an error, and the verdict is printed all the same. */
async function conclude(
  measured: GateSummary,
  content: object,
  folder: string,
  { options, instructions }: GateRun,
  lines: readonly HistoryLine[],
): Promise<ExitCode> {
  const summary = instructions === null ? measured : withInstructions(measured, instructions);
  const { verdict, exitCode, reasons } = summary;
  const told = instructions === null ? content : { ...content, verdict, exitCode, reasons, instructions };
  const json = `${JSON.stringify(told, null, 1)}\n`;
  const remembered = await rememberGate(runsFolder(ROOT, process.env), lines);
  summary.notes.push(...remembered.notes);
  process.stdout.write(summaryText(summary));
  const verdictPath = join(folder, 'verdict.json');
  const copies: [path: string | null, content: () => string][] = [
    [verdictPath, () => json],
    [typed(options.json), () => json],
    [typed(options.junit), () => summaryJunit(summary)],
    [typed(options.markdown), () => summaryMarkdown(summary)],
  ];
  linkLatest(runsFolder(ROOT, process.env), folder);
  for (const [path, content] of copies) if (path !== null) writeFileAtomic(path, content());
  process.stdout.write(`\nverdict ${verdictPath}\n`);
  await writePages(folder, options);
  if (remembered.problem !== null) throw remembered.problem;
  return summary.exitCode as ExitCode;
}

/** From what lies in the folder, so that `npm run report` makes the same page of it again. */
async function writePages(folder: string, { html }: GateOptions): Promise<void> {
  const history = await unlessDamaged(() =>
    readGateHistory(gateHistoryPath(runsFolder(ROOT, process.env)), BASELINES),
  );
  const evidence = await unlessDamaged(() => readEvidence(EVIDENCE));
  const page = await renderGate({ ...(await readGate(folder)), history, evidence });
  const pagePath = join(folder, 'report.html');
  for (const path of [pagePath, typed(html)]) if (path !== null) writeFileAtomic(path, page);
  process.stdout.write(`page ${pagePath}\n`);
}

/** A page without a history is better than none; whoever damaged the file is told. */
async function unlessDamaged<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    process.stderr.write(`not in the page: ${error.message}\n`);
    return null;
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof BaselineError || error instanceof InstructionError) return error.exitCode;
  if (error instanceof BaseError) {
    if (error.code === 'ERR_BASE_SHALLOW') return EXIT.inconclusive;
    return error.code === 'ERR_BASE_UNKNOWN_REF' ? EXIT.usage : EXIT.error;
  }
  return error instanceof UsageError || error instanceof FileProblemsError ? EXIT.usage : EXIT.error;
}

/** Says what went wrong, once, and how the command ends for it. */
function tell(error: unknown): ExitCode {
  if (!(error instanceof InterruptedError)) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  return exitCodeOf(error);
}

process.exitCode = await main().catch(tell);
