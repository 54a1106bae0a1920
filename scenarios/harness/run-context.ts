import type { ArmProcess, Children, ProcessCommand } from './arm-process.js';
import type { CaseSamples } from './case-samples.js';
import { ControlError } from './control-client.js';
import type { RunPlan } from './planner.js';
import type { PressureReading } from './pressure.js';
import type { ProgressSink } from './progress.js';
import type { Random } from './statistics/random.js';

/** What every round of a run shares. */
export interface RunContext {
  plan: RunPlan;
  samples: ReadonlyMap<string, CaseSamples>;
  children: Children;
  armCommand: (arm: string) => ProcessCommand;
  generatorCommand: ProcessCommand;
  random: Random;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
}

/** A server that is up in this round. */
export interface ArmServer {
  arm: string;
  /** Start order in the round, from 0. */
  order: number;
  process: ArmProcess;
  /** Listening address by handler. */
  urls: Readonly<Record<string, string>>;
  memoryBytesPerSession: number;
}

/** Records an error in every case of the arm that this round was to measure. */
export function recordError(context: RunContext, round: number, arm: string, error: unknown): void {
  for (const samples of context.samples.values()) {
    if (samples.planned.arms.includes(arm)) recordCaseError(samples, round, arm, error);
  }
}

export function recordCaseError(samples: CaseSamples, round: number, arm: string, error: unknown): void {
  const code = error instanceof ControlError ? error.code : 'ERR_HARNESS';
  const message = error instanceof Error ? error.message : String(error);
  samples.arm(arm).errors.push({ round, code, message });
}
