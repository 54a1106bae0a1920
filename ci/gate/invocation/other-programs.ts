import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * What the processes of this machine have used, in clock ticks, threads of the kernel included; without those that a caller
 * names as its own. Programs that start and end between two readings are not seen.
 */
export type ProgramTicks = ReadonlyMap<number, number>;

/** The process namespace of the machine itself (PROC_PID_INIT_INO in the kernel): others hide what runs beside them. */
const WHOLE_MACHINE = 'pid:[4026531836]';

/** @returns null where not every process can be seen */
export function readOtherPrograms(own: readonly number[]): ProgramTicks | null {
  return seesWholeMachine() ? readVisiblePrograms(own) : null;
}

/** Those that this process can see: in a container only those inside. */
export function readVisiblePrograms(own: readonly number[]): ProgramTicks {
  const ours = new Set(own);
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || ours.has(pid)) continue;
    const used = ticksOf(pid);
    if (used !== null) ticks.set(pid, used);
  }
  return ticks;
}

/** What they used between two readings. A process that is new since the first has used all of its time since. */
export function ticksBetween(before: ProgramTicks, after: ProgramTicks): number {
  let sum = 0;
  // A number that is used again may have less time than its predecessor had.
  for (const [pid, ticks] of after) sum += Math.max(0, ticks - (before.get(pid) ?? 0));
  return sum;
}

/** User and system time of a process, all threads; null once it is gone. */
export function ticksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold spaces and brackets, so counting starts behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}

let wholeMachine: boolean | null = null;

/** The namespace must be the machine's, and /proc must not hide what others run (`hidepid`). */
function seesWholeMachine(): boolean {
  wholeMachine ??= namespaceOf('self') === WHOLE_MACHINE && ticksOf(1) !== null;
  return wholeMachine;
}

function namespaceOf(process: string): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return null;
  }
}
