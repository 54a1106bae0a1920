import { setTimeout as sleep } from 'node:timers/promises';
import { ControlError } from '../../../scenarios/harness/control-client.js';
import type { GateArm } from './gate-arms.js';
import type { GateServer } from './start-arms.js';

/** An arm that did not start, ended, or left a reply out. The invocation cannot be completed without it. */
export class ArmFailure extends Error {
  readonly arm: GateArm;
  readonly code: string;

  constructor(arm: GateArm, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArmFailure';
    this.arm = arm;
    this.code = code;
  }
}

export function failureOf(arm: GateArm, error: unknown): ArmFailure {
  const code = error instanceof ControlError ? error.code : 'ERR_GATE_ARM';
  return new ArmFailure(arm, code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** The name of a group of sessions begins with its arm. */
export function groupName(arm: GateArm, what: string): string {
  return `${arm}@${what}`;
}

/** A broken connection is seen before the end of the process that broke it. */
const EXIT_SEEN_MS = 200;

/** What the server that a session belongs to has done. A connection that cannot be made may be this machine's fault. */
const OF_THE_SERVER: readonly string[] = ['ERR_GENERATOR_SESSION_LOST', 'ERR_GENERATOR_REPLY_TIMEOUT'];

/** Whose fault a failed command of the load generator was; null where nobody can be named, and then it is nobody's. */
export async function blame(error: unknown, servers: readonly GateServer[]): Promise<ArmFailure | null> {
  if (error instanceof ArmFailure) return error;
  if (!(error instanceof ControlError)) return null;
  await sleep(EXIT_SEEN_MS);
  const stopped = servers.find(({ parts }) => parts.some(({ process }) => !process.running));
  const named = OF_THE_SERVER.includes(error.code)
    ? servers.find(({ arm }) => error.group?.startsWith(groupName(arm, '')) === true)
    : undefined;
  const guilty = stopped ?? named;
  return guilty === undefined ? null : failureOf(guilty.arm, error);
}
