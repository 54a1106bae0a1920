import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';

/**
 * Processor time that others used. Busy time is what the clock says minus idle time: the kernel counts idle exactly and
 * only samples what a processor was busy with. Of this the time of our own processes is taken away.
 */
export interface ForeignReading {
  /** Of the processors this process may use, in clock ticks. */
  idleTicks: number;
  processors: number;
  /** Of the gate, its servers and its load generator, all threads. */
  ownTicks: number;
}

/** USER_HZ: fixed to 100 for everything that /proc prints. */
const TICKS_PER_SECOND = 100;

export function readForeign(pids: readonly number[], processors: readonly number[]): ForeignReading {
  const stat = readFileSync('/proc/stat', 'utf8');
  const interruptsApart = kernelAccountsInterruptsApart();
  return {
    idleTicks: processors.reduce((sum, each) => sum + ticksNotUsed(stat, each, interruptsApart), 0),
    processors: processors.length,
    ownTicks: pids.reduce((sum, pid) => sum + ticksOf(pid), 0),
  };
}

/** Share of the processors' time that was neither idle nor ours, in per cent; small negative values are rounding. */
export function foreignPercent(before: ForeignReading, after: ForeignReading, elapsedNs: number): number {
  const totalTicks = ((after.processors * elapsedNs) / 1e9) * TICKS_PER_SECOND;
  const usedTicks = totalTicks - (after.idleTicks - before.idleTicks);
  const foreignTicks = usedTicks - (after.ownTicks - before.ownTicks);
  return totalTicks > 0 ? Math.max(0, (100 * foreignTicks) / totalTicks) : 0;
}

/** `cpuN user nice system idle iowait irq softirq steal …`: what nobody here used, steal included, which is judged by itself. */
export function ticksNotUsed(stat: string, processor: number, interruptsApart: boolean): number {
  const line = new RegExp(`^cpu${processor} (.*)$`, 'm').exec(stat)?.[1];
  const [, , , idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line?.split(' ').map(Number) ?? [];
  return idle + iowait + steal + (interruptsApart ? irq + softirq : 0);
}

/** User and system time of a process; 0 once it is gone, and then its block fails anyhow. */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold spaces and brackets, so counting starts behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

let interruptsApart: boolean | null = null;

/**
 * Packets over loopback are received in interrupts. Some kernels account these to nobody, and there they would look
 * foreign; with others they are in the time of the process that was interrupted. Only the kernel's configuration says
 * which: where it cannot be read interrupts are left out, which sees less and blames nobody.
 */
function kernelAccountsInterruptsApart(): boolean {
  interruptsApart ??= !/^# CONFIG_IRQ_TIME_ACCOUNTING is not set$/m.test(kernelConfiguration());
  return interruptsApart;
}

function kernelConfiguration(): string {
  const attempts = [
    () => gunzipSync(readFileSync('/proc/config.gz')).toString('utf8'),
    () => readFileSync(`/boot/config-${release()}`, 'utf8'),
  ];
  for (const read of attempts) {
    try {
      return read();
    } catch {
      // Many kernels show it in one of the places only.
    }
  }
  return '';
}
