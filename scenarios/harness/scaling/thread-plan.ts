import type { CaseParameters } from '../case-parameters.js';
import type { Capabilities, PlannedCase, RunPlan } from '../planner.js';
import { DISCARD_NS, WINDOW_NS } from '../window-schedule.js';
import { THREAD_WORKS, type ThreadWorkName } from './thread-works.js';

/** What the planner asks about cases of `load: threads`: what this machine can measure, and how long it takes. */

export interface ThreadCase {
  parameters: CaseParameters & { work: ThreadWorkName };
}

export function isThreadCase<Case extends { parameters: CaseParameters }>(
  body: Case,
): body is Case & ThreadCase {
  return body.parameters.load === 'threads' && body.parameters.work !== 'none';
}

/** Windows of one arm in a block: one thread, several, and the mirror of these. */
const WINDOWS_OF_ARM = 4;
/** A block has the windows of the ALU loop beside those of the arms. */
const ALU = 1;
/** Starting the process and making what it works on, for each work of each round. */
const WORK_START_SECONDS = 0.8;

/** The processors that a plan was made for. */
export function usedCores({ threadProcessors }: RunPlan): readonly number[] {
  return threadProcessors ?? [];
}

/** Whole processors that work of this process can have to itself. */
export function usableCores({ processors, cpuQuota }: Capabilities): number {
  return Math.min(processors.length, Math.floor(cpuQuota ?? Number.POSITIVE_INFINITY));
}

/** Why this machine cannot measure the case, and what it would take; or null. */
export function threadObstacle(parameters: CaseParameters, machine: Capabilities): string | null {
  const row = THREAD_WORKS[parameters.work as ThreadWorkName];
  const needed = row.coresNeeded(parameters.threads);
  const cores = usableCores(machine);
  if (needed > cores) {
    const { processors, cpuQuota } = machine;
    const quota =
      cpuQuota !== undefined && cpuQuota < processors.length
        ? ` (${processors.length} processors, of which the cgroup grants the time of ${cpuQuota})`
        : '';
    return `${counted(parameters)} ${parameters.threads === 1 ? 'needs' : 'need'} ${needed} cores, ${row.coresWhy}; this machine has ${cores}${quota}`;
  }
  if (row.pinned && !machine.taskset)
    return 'its threads have to be pinned, and taskset (util-linux) is not installed';
  return null;
}

function counted({ work, threads }: CaseParameters): string {
  const noun = { 'mem-echo': 'pair', sockets: 'reactor' }[work as string] ?? 'thread';
  return `${threads} ${noun}${threads === 1 ? '' : 's'}`;
}

export function threadArmProblem(parameters: CaseParameters, arm: string): string | null {
  const { arms } = THREAD_WORKS[parameters.work as ThreadWorkName];
  return arms.includes(arm) ? null : `work=${parameters.work} has the arms ${arms.join(', ')}`;
}

/** Blocks of a round for each number of threads: the slot is what one arm takes, as it is everywhere. */
export function blocksPerRound(slotNs: number): number {
  return Math.max(1, Math.floor(slotNs / (WINDOWS_OF_ARM * (WINDOW_NS + DISCARD_NS))));
}

/** Cases that share a process and its blocks: those of the same work. */
export function groupsByWork(cases: readonly PlannedCase[]): Map<ThreadWorkName, PlannedCase[]> {
  const groups = new Map<ThreadWorkName, PlannedCase[]>();
  for (const each of cases) {
    if (!isThreadCase(each)) continue;
    const group = groups.get(each.parameters.work) ?? [];
    groups.set(each.parameters.work, [...group, each]);
  }
  return groups;
}

/** The cases of a group that have blocks of their own: the one with a single thread is measured in those of the others. */
export function casesWithBlocks(group: readonly PlannedCase[]): PlannedCase[] {
  const several = group.filter((each) => each.parameters.threads > 1);
  return several.length > 0 ? several : [...group];
}

/** Seconds that a round takes for cases of threads. */
export function threadSeconds(cases: readonly PlannedCase[], slotNs: number): number {
  const blockSeconds = ({ arms, parameters }: PlannedCase): number =>
    ((arms.length + ALU) * (parameters.threads > 1 ? 4 : 2) * (WINDOW_NS + DISCARD_NS)) / 1e9;
  return [...groupsByWork(cases).values()].reduce((sum, group) => {
    const seconds = casesWithBlocks(group).reduce((total, each) => total + blockSeconds(each), 0);
    return sum + WORK_START_SECONDS + blocksPerRound(slotNs) * seconds;
  }, 0);
}

export function threadNotes(cases: readonly PlannedCase[], machine: Capabilities): string[] {
  if (!cases.some(isThreadCase)) return [];
  const nodes = machine.numaNodes ?? 1;
  const { processors } = machine;
  return [
    `threads have ${usableCores(machine)} cores (processors ${processors.join(',')}) on ${nodes} NUMA ${nodes === 1 ? 'node' : 'nodes'}; ` +
      'those in C++ are left to the scheduler, pairs of JavaScript threads are pinned',
  ];
}
