import { measureAluNoise } from '../../../scenarios/harness/alu-noise.js';
import { InterruptedError, throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import { readMachine } from '../../../scenarios/harness/machine.js';
import { pressureBetween, readPressure } from '../../../scenarios/harness/pressure.js';
import type { MachineRecord } from '../../../scenarios/harness/record.js';
import { ALU_NOISE_PERCENT_MAX, STEAL_PERCENT_MAX } from './noise-limits.js';

export interface Preflight {
  machine: MachineRecord;
  stealPercent: number;
  psiCpuSome: number | null;
  /** Why this machine cannot keep the promise now, in words. */
  objections: string[];
}

/** Looks at the machine before anything is measured on it. Throws `InterruptedError`. */
export async function preflight(
  processors: readonly number[],
  taskset: boolean,
  signal: AbortSignal,
): Promise<Preflight> {
  const before = readPressure();
  const aluNoisePercent = await noiseOf(processors, taskset, signal);
  const { stealPercent, psiCpuSome } = pressureBetween(before, readPressure());
  const machine = readMachine(aluNoisePercent);
  return {
    ...{ machine, stealPercent, psiCpuSome },
    objections: objectionsTo(aluNoisePercent, stealPercent),
  };
}

export function objectionsTo(aluNoisePercent: number, stealPercent: number): string[] {
  const objections: string[] = [];
  if (aluNoisePercent > ALU_NOISE_PERCENT_MAX) {
    objections.push(
      `too noisy: the same 4 ms of work took times that spread over ${aluNoisePercent.toFixed(0)} % of their median ` +
        `(limit ${ALU_NOISE_PERCENT_MAX} %); end what else runs here and repeat`,
    );
  }
  if (stealPercent > STEAL_PERCENT_MAX) {
    objections.push(
      `too noisy: the hypervisor took ${stealPercent.toFixed(0)} % of the processor time (limit ${STEAL_PERCENT_MAX} %)`,
    );
  }
  return objections;
}

async function noiseOf(
  processors: readonly number[],
  taskset: boolean,
  signal: AbortSignal,
): Promise<number> {
  throwIfInterrupted(signal);
  try {
    return await measureAluNoise(processors, taskset, signal);
  } catch (error) {
    if (signal.aborted) throw new InterruptedError();
    throw error;
  }
}
