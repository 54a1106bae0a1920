import { type CaseParameters, contradictions, formatCaseName, setParameter } from './case-parameters.js';
import { type CaseProcesses, DESCRIPTORS_SPARE, ONE_OF_EACH, processesFor } from './case-processes.js';
import { matchesGlob } from './glob.js';
import { type Medium, mediumOf } from './medium.js';
import type { RunOptions } from './options.js';
import { planServers, roundsOf } from './round-plan.js';
import { estimate } from './run-estimate.js';
import {
  isThreadCase,
  threadArmProblem,
  threadNotes,
  threadObstacle,
  usableCores,
} from './scaling/thread-plan.js';
import type { Scenario, ScenarioCase } from './scenario-file.js';
import type { CheckDefinition } from './scenario-schema.js';
import type { ScrapePlan } from './scraper.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';

/** What the planner must know of the machine and the build; read once, before anything is started. */
export interface Capabilities {
  /** Processors this process may use. */
  processors: readonly number[];
  /** RLIMIT_NOFILE as the children will have it. */
  descriptorsMax: number;
  /** Whether processes can be pinned. */
  taskset: boolean;
  /** Processors' worth of time that the cgroup grants; absent without a limit. */
  cpuQuota?: number;
  numaNodes?: number;
  /** Why an arm cannot run, or null. */
  armProblem(arm: string, medium: Medium): string | null;
}

/** A process that is started in each round. */
export interface PlannedServer {
  arm: string;
  medium: Medium;
  /** Processes of it. */
  parts: number;
}

export interface PlannedCase {
  name: string;
  parameters: CaseParameters;
  arms: readonly string[];
  /** Over how many processes its sessions are spread. */
  processes: CaseProcesses;
  /** Whether the most sessions that are served in time are looked for, up to those of the parameters. */
  findSessions: boolean;
  /** Rounds that it takes part in, evenly spread; absent: all. */
  rounds?: number;
  /** Arms of this case that cannot run here, with the reason. */
  absentArms: Readonly<Record<string, string>>;
  /** Why nothing of this case can be measured here, or null. */
  notMeasurable: string | null;
  messagesPerSessionMin: number;
  checks: readonly CheckDefinition[];
  /** Why the numbers of the file are not judged in this case, or null. */
  notJudged: string | null;
}

export interface RunPlan {
  cases: readonly PlannedCase[];
  /** Every arm of the cases that are measured. */
  arms: readonly string[];
  /** What is started in a round: each arm once for each medium that its cases need. */
  servers: readonly PlannedServer[];
  /** Load generator processes for the arms over sockets. */
  generators: number;
  rounds: number;
  /** Time that case and arm get in a round. */
  slotNs: number;
  /** Warm-up windows of each arm in each case of each round; the first is the cold pass. */
  warmupNs: readonly number[];
  /** Further warm-up windows of arms whose pace is still to be decided, where the usual ones leave them cold. */
  pacingNs: readonly number[];
  idle: { caseName: string; sessions: number } | null;
  /** Disjoint processor sets, or null where there are too few processors. */
  pinning: { servers: readonly number[]; generator: readonly number[] } | null;
  /** Processors that cases of `load: threads` use, where there are any. */
  threadProcessors?: readonly number[];
  /** Estimate of the whole run. */
  seconds: number;
  /** What progress is counted in: the estimates of all cases and rounds together. */
  progressSeconds: number;
  notes: readonly string[];
  /** Least length of a window, where it is not the usual one. */
  windowNsMin?: number;
  /** Arms whose admin endpoint is scraped while they are measured. */
  scrapes?: Readonly<Record<string, ScrapePlan>>;
}

const FULL = { rounds: 10, slotNs: 2e9, warmupNs: [50e6, 100e6, 100e6], pacingNs: [] };
const QUICK = { rounds: 5, slotNs: 0.5e9, warmupNs: [50e6], pacingNs: [60e6] };

export function planRun(scenario: Scenario, options: RunOptions, machine: Capabilities): RunPlan {
  const base = options.quick ? QUICK : FULL;
  const rounds = options.repeat ?? base.rounds;
  const windowNsMin = scenario.windowMs === undefined ? undefined : scenario.windowMs * 1e6;
  const usualNs = options.quick ? base.slotNs : (scenario.slotSeconds ?? base.slotNs / 1e9) * 1e9;
  const wantedNs = options.durationMs === null ? usualNs : options.durationMs * 1e6;
  // Two windows are the least that a block has of an arm.
  const slotNs = Math.max(wantedNs, 2 * (windowNsMin ?? 0));
  const notes: string[] = [];
  const chosen = chooseCases(scenario, options);
  const cases = distinct(chosen.map((each) => planCase(scenario, each, options, machine)));
  const measured = cases.filter((each) => each.notMeasurable === null);
  const arms = [...new Set(measured.flatMap((each) => each.arms))];
  const served = measured.filter((each) => !isThreadCase(each));
  const { idle, idleNote } = planIdle(scenario, options, served, machine);
  const pinning =
    served.length > 0 || cases.every((each) => !isThreadCase(each)) ? planPinning(machine, notes) : null;
  notes.push(...threadNotes(cases, machine));
  if (idleNote !== null) notes.push(idleNote);
  for (const each of served) notes.push(...processNotes(each, machine), ...roundNotes(each, rounds));
  for (const each of options.quick ? chosen : []) {
    if (each.quickSessions === null) continue;
    notes.push(
      `${each.name} is measured with ${each.quickSessions} sessions instead of ${each.parameters.sessions}: a quick run`,
    );
  }
  notes.push(...scrapeNotes(scenario, arms));
  if (options.profile !== null) {
    notes.push(`every number is that of a process slowed down by the profiler clinic ${options.profile}`);
  }
  const { warmupNs, pacingNs } = base;
  const servers = planServers(served);
  const shape = { cases: measured, servers, rounds, slotNs, warmupNs, pacingNs, idle, windowNsMin };
  return {
    cases,
    arms,
    servers,
    generators: Math.max(1, ...measured.map((each) => each.processes.generators)),
    rounds,
    slotNs,
    warmupNs,
    pacingNs,
    idle,
    pinning,
    ...(cases.some(isThreadCase)
      ? { threadProcessors: machine.processors.slice(0, usableCores(machine)) }
      : {}),
    ...estimate(shape),
    notes,
    windowNsMin,
    scrapes: scenario.scrapes,
  };
}

function chooseCases(scenario: Scenario, options: RunOptions): ScenarioCase[] {
  const pattern = options.casePattern;
  const known = scenario.cases.map((each) => each.name);
  if (pattern !== null) {
    // A case that is asked for by name runs even where --quick would leave it out.
    const matching = scenario.cases.filter(
      (each) => matchesGlob(pattern, each.name) && (each.quick || !options.quick || pattern === each.name),
    );
    if (matching.length > 0) return matching;
    throw new UsageError(
      `no case matches "${pattern}"${didYouMean(pattern, known)}\nCases of ${scenario.name}: ${known.join(' · ')}`,
    );
  }
  const chosen = scenario.cases.filter((each) => each.quick || !options.quick);
  if (chosen.length > 0) return chosen;
  throw new UsageError(`${scenario.name} has no case for --quick; leave --quick out`);
}

function planCase(
  scenario: Scenario,
  body: ScenarioCase,
  options: RunOptions,
  machine: Capabilities,
): PlannedCase {
  const asked =
    options.quick && body.quickSessions !== null
      ? { ...body.parameters, sessions: body.quickSessions }
      : body.parameters;
  const { parameters, changed: isSet } = applySettings(asked, options.set, body.name);
  const changed = isSet || parameters.sessions !== body.parameters.sessions;
  const listed = options.quick && options.arms === null ? body.quickArms : body.arms;
  checkArms(scenario, options);
  const wanted = listed.filter((arm) => options.arms === null || options.arms.includes(arm));
  const absentArms: Record<string, string> = {};
  for (const arm of wanted) {
    const problem = isThreadCase({ parameters })
      ? threadArmProblem(parameters, arm)
      : machine.armProblem(arm, mediumOf(parameters.transport));
    if (problem !== null) absentArms[arm] = problem;
  }
  const arms = wanted.filter((arm) => !Object.hasOwn(absentArms, arm));
  // A search opens the sessions of one arm at a time.
  const openArms = body.findSessions ? 1 : arms.length;
  const processes = isThreadCase({ parameters })
    ? ONE_OF_EACH
    : processesFor(parameters, openArms, machine.descriptorsMax);
  const notMeasurable = obstacle(body, parameters, wanted, arms, openArms, absentArms, processes, machine);
  const judgedParameters = changed ? `--set changed the case; the numbers belong to ${body.name}` : null;
  return {
    name: changed ? formatCaseName(parameters, scenario.defaults) : body.name,
    parameters,
    arms: notMeasurable === null ? arms : [],
    processes: notMeasurable === null ? processes : ONE_OF_EACH,
    findSessions: body.findSessions,
    ...(body.rounds === undefined ? {} : { rounds: body.rounds }),
    absentArms,
    notMeasurable,
    messagesPerSessionMin: options.quick || changed ? 0 : body.messagesPerSessionMin,
    checks: body.checks,
    notJudged: unjudgedRun(options) ?? judgedParameters,
  };
}

function unjudgedRun(options: RunOptions): string | null {
  if (options.profile !== null) return 'a profiled run does not judge numbers';
  return options.quick ? 'a quick run does not judge numbers' : null;
}

function applySettings(
  parameters: CaseParameters,
  settings: RunOptions['set'],
  name: string,
): { parameters: CaseParameters; changed: boolean } {
  let current = parameters;
  for (const [key, value] of settings) {
    const result = setParameter(current, key, value);
    if ('problem' in result) throw new UsageError(`--set ${key}=${value}: ${result.problem}`);
    current = result.parameters;
  }
  const problem = contradictions(current)[0];
  if (problem !== undefined) {
    throw new UsageError(`--set: case ${name}: ${problem}. Choose the cases it fits with --case.`);
  }
  return { parameters: current, changed: JSON.stringify(current) !== JSON.stringify(parameters) };
}

function checkArms(scenario: Scenario, options: RunOptions): void {
  const known = [...new Set(scenario.cases.flatMap((each) => each.arms))];
  for (const arm of options.arms ?? []) {
    if (known.includes(arm)) continue;
    throw new UsageError(
      `--arm: ${scenario.name} has no arm "${arm}"${didYouMean(arm, known)} (it has ${known.join(', ')})`,
    );
  }
}

function obstacle(
  body: ScenarioCase,
  parameters: CaseParameters,
  wanted: readonly string[],
  arms: readonly string[],
  openArms: number,
  absentArms: Readonly<Record<string, string>>,
  processes: CaseProcesses,
  machine: Capabilities,
): string | null {
  if (wanted.length === 0) return 'none of its arms was asked for';
  if (arms.length === 0) return Object.values(absentArms)[0];
  if (isThreadCase({ parameters })) return threadObstacle(parameters, machine);
  // Only sockets take descriptors.
  if (mediumOf(parameters.transport) === 'in-process') return null;
  if (body.split || processes.generators === 1) return null;
  const needed = parameters.sessions * openArms + DESCRIPTORS_SPARE;
  const fitting = Math.floor((machine.descriptorsMax - DESCRIPTORS_SPARE) / openArms);
  return (
    `${parameters.sessions} sessions to each of ${openArms} arms need ${needed} descriptors in the load generator; ` +
    `the limit is ${machine.descriptorsMax}. Raise it (ulimit -Hn ${needed}), or ask for fewer: ` +
    `--set sessions=${fitting}, or fewer arms with --arm. A case with "split: true" is spread over several processes instead`
  );
}

/** What a reader must know of a case that is not what its file says, or not one process per arm. */
function processNotes({ name, processes }: PlannedCase, { descriptorsMax }: Capabilities): string[] {
  if (processes.generators === 1) return [];
  const { servers, generators } = processes;
  return [
    `${name}: ${servers} server ${servers === 1 ? 'process' : 'processes'} per arm and ${generators} load generators, ` +
      `because a process may have ${descriptorsMax} descriptors`,
  ];
}

function roundNotes(planned: PlannedCase, rounds: number): string[] {
  const own = roundsOf(planned, rounds);
  return own === rounds ? [] : [`${planned.name} takes part in ${own} of the ${rounds} rounds`];
}

/** `--set` can make two cases the same one; it is then measured once. */
function distinct(cases: readonly PlannedCase[]): PlannedCase[] {
  return cases.filter((each, index) => cases.findIndex((other) => other.name === each.name) === index);
}

function planIdle(
  scenario: Scenario,
  options: RunOptions,
  measured: readonly PlannedCase[],
  machine: Capabilities,
): { idle: RunPlan['idle']; idleNote: string | null } {
  const memory = scenario.idleMemory;
  const shownIn = measured.find((each) => each.name === memory?.case);
  if (memory === null || shownIn === undefined) return { idle: null, idleNote: null };
  const wanted = options.quick ? memory.quickSessions : memory.sessions;
  const inSockets = mediumOf(shownIn.parameters.transport) === 'sockets';
  const fitting = Math.floor((machine.descriptorsMax - DESCRIPTORS_SPARE) / shownIn.arms.length);
  const sessions = inSockets ? Math.min(wanted, fitting) : wanted;
  const idleNote =
    sessions < wanted
      ? `memory per session is measured with ${sessions} idle sessions instead of ${wanted}: the limit is ${machine.descriptorsMax} descriptors`
      : null;
  return { idle: { caseName: shownIn.name, sessions }, idleNote };
}

function scrapeNotes({ scrapes = {} }: Scenario, arms: readonly string[]): string[] {
  return Object.entries(scrapes)
    .filter(([arm]) => arms.includes(arm))
    .map(([arm, { connections, scrapesPerSecond, path, healthPath }]) => {
      const pace =
        scrapesPerSecond === null ? 'as fast as they are answered' : `${scrapesPerSecond}/s in all`;
      const health = healthPath === null ? '' : `, each followed by one of ${healthPath}`;
      return `${arm}: ${connections} connections ask for ${path}, ${pace}${health}, in its windows alone`;
    });
}

function planPinning(machine: Capabilities, notes: string[]): RunPlan['pinning'] {
  const { processors } = machine;
  if (processors.length < 4) {
    notes.push(`no process is pinned: ${processors.length} processors are too few to set some apart`);
    return null;
  }
  if (!machine.taskset) {
    notes.push('no process is pinned: taskset (util-linux) is not installed');
    return null;
  }
  const half = Math.ceil(processors.length / 2);
  const pinning = { servers: processors.slice(0, half), generator: processors.slice(half) };
  notes.push(
    `servers run on processors ${pinning.servers.join(',')}, the load generator on ${pinning.generator.join(',')}`,
  );
  return pinning;
}
