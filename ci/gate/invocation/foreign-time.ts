import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { type ProgramTicks, readOtherPrograms, ticksBetween, ticksOf } from './other-programs.js';

/**
 * Processor time that others used, twice. By each program of the machine: what ours are not. And by what the clock says minus
 * idle time (the kernel counts idle exactly, and only samples what a processor was busy with) minus that of our own processes:
 * that sees what is too short to be listed or lies outside of a container, and holds what waking an idle processor takes, too.
 */
export interface ForeignReading {
  /** Of the processors this process may use, in clock ticks. */
  idleTicks: number;
  processors: number;
  /** Of the gate, its servers and its load generator, all threads. */
  ownTicks: number;
  /** null in a container, where other programs are not seen. */
  others: ProgramTicks | null;
}

/** Shares of the processors' time, in per cent. */
export interface ForeignShare {
  /** Of other programs; null where they are not seen. */
  othersPercent: number | null;
  /** Neither idle nor ours. */
  unaccountedPercent: number;
}

/** USER_HZ: fixed to 100 for everything that /proc prints. */
const TICKS_PER_SECOND = 100;

export function readForeign(pids: readonly number[], processors: readonly number[]): ForeignReading {
  const stat = readFileSync('/proc/stat', 'utf8');
  const interruptsApart = kernelAccountsInterruptsApart();
  return {
    idleTicks: processors.reduce((sum, each) => sum + ticksNotUsed(stat, each, interruptsApart), 0),
    processors: processors.length,
    // A process that is gone has no time, and then its block fails anyhow.
    ownTicks: pids.reduce((sum, pid) => sum + (ticksOf(pid) ?? 0), 0),
    others: readOtherPrograms(pids),
  };
}

/** Small negative values are rounding, and none. */
export function foreignShare(before: ForeignReading, after: ForeignReading, elapsedNs: number): ForeignShare {
  const totalTicks = ((after.processors * elapsedNs) / 1e9) * TICKS_PER_SECOND;
  const percent = (ticks: number): number => (totalTicks > 0 ? Math.max(0, (100 * ticks) / totalTicks) : 0);
  const usedTicks = totalTicks - (after.idleTicks - before.idleTicks);
  return {
    othersPercent:
      before.others === null || after.others === null
        ? null
        : percent(ticksBetween(before.others, after.others)),
    unaccountedPercent: percent(usedTicks - (after.ownTicks - before.ownTicks)),
  };
}

/** `cpuN user nice system idle iowait irq softirq steal …`: what nobody here used, steal included, which is judged by itself. */
export function ticksNotUsed(stat: string, processor: number, interruptsApart: boolean): number {
  const line = new RegExp(`^cpu${processor} (.*)$`, 'm').exec(stat)?.[1];
  const [, , , idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line?.split(' ').map(Number) ?? [];
  return idle + iowait + steal + (interruptsApart ? irq + softirq : 0);
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
