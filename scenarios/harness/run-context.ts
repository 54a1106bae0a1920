import type { Children, ProcessCommand } from './arm-process.js';
import type { CaseSamples } from './case-samples.js';
import { ControlError } from './control-client.js';
import type { LoadGenerator } from './load-generator.js';
import { type Medium, mediumOf } from './medium.js';
import type { PlannedServer, RunPlan } from './planner.js';
import type { PressureReading } from './pressure.js';
import type { ProgressSink } from './progress.js';
import type { ServerPart } from './server-parts.js';
import type { Random } from './statistics/random.js';

/** How the process of an arm is started for one medium. */
export type ArmCommand = (arm: string, medium: Medium) => ProcessCommand;

/** What every round of a run shares. */
export interface RunContext {
  plan: RunPlan;
  samples: ReadonlyMap<string, CaseSamples>;
  children: Children;
  armCommand: ArmCommand;
  generatorCommand: ProcessCommand;
  random: Random;
  signal: AbortSignal;
  progress: ProgressSink;
  readPressure: () => PressureReading;
}

/** A server that is up in this round. */
export interface ArmServer {
  arm: string;
  medium: Medium;
  /** Makes the load for this server: one generator for all arms over sockets, its own process otherwise. */
  generator: LoadGenerator;
  /** Start order in the round, from 0. */
  order: number;
  /** One process, or several where one has too few descriptors for the sessions of the case. */
  parts: readonly ServerPart[];
  memoryBytesPerSession: number;
}

/** Whether the generator that all arms over sockets share is gone: then nothing more can be measured. */
export function hasLostGenerator(server: ArmServer): boolean {
  return server.medium === 'sockets' && !server.generator.running;
}

/** Records an error in every case that this round was to measure with the arm over the medium. */
export function recordError(
  context: RunContext,
  round: number,
  { arm, medium }: Pick<PlannedServer, 'arm' | 'medium'>,
  error: unknown,
): void {
  for (const samples of context.samples.values()) {
    const { arms, parameters } = samples.planned;
    if (mediumOf(parameters.transport) !== medium || !arms.includes(arm)) continue;
    recordCaseError(samples, round, arm, error);
  }
}

export function recordCaseError(samples: CaseSamples, round: number, arm: string, error: unknown): void {
  const code = error instanceof ControlError ? error.code : 'ERR_HARNESS';
  const message = error instanceof Error ? error.message : String(error);
  samples.arm(arm).errors.push({ round, code, message });
}
