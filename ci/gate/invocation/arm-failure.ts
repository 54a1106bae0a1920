import { setTimeout as sleep } from 'node:timers/promises';
import { ControlError } from '../../../scenarios/harness/control-client.js';
import type { GateArm } from './gate-arms.js';
import type { FailureLine } from './invocation-record.js';
import type { GateServer } from './start-arms.js';

/** What is known besides: without it, whoever happened to be asked just then would be blamed alone. */
export interface FailureCircumstances {
  /** Arms that failed in the same way at the same time. */
  others: readonly GateArm[];
  /** What disturbed the machine meanwhile, in words, where that alone may be the cause. */
  disturbance: string | null;
}

/** An arm that did not start, ended, or left a reply out. The invocation cannot be completed without it. */
export class ArmFailure extends Error implements FailureCircumstances {
  readonly arm: GateArm;
  readonly code: string;
  readonly others: readonly GateArm[];
  readonly disturbance: string | null;

  constructor(
    arm: GateArm,
    code: string,
    message: string,
    { others = [], disturbance = null, ...options }: Partial<FailureCircumstances> & ErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'ArmFailure';
    this.arm = arm;
    this.code = code;
    this.others = others;
    this.disturbance = disturbance;
  }

  /** The same failure with what was found out about it since. */
  amid(circumstances: FailureCircumstances): ArmFailure {
    return new ArmFailure(this.arm, this.code, this.message, { ...circumstances, cause: this.cause });
  }

  get line(): FailureLine {
    const { arm, code, message, others, disturbance } = this;
    return {
      ...{ arm, code, message },
      ...(others.length === 0 ? {} : { others: [...others] }),
      ...(disturbance === null ? {} : { disturbance }),
    };
  }
}

export function failureOf(arm: GateArm, error: unknown, others: readonly GateArm[] = []): ArmFailure {
  const code = error instanceof ControlError ? error.code : 'ERR_GATE_ARM';
  const message = error instanceof Error ? error.message : String(error);
  return new ArmFailure(arm, code, message, { others, cause: error });
}

/** The name of a group of sessions begins with its arm. */
export function groupName(arm: GateArm, what: string): string {
  return `${arm}@${what}`;
}

/** A broken connection is seen before the end of the process that broke it. */
const EXIT_SEEN_MS = 200;

/**
 * A reply that stayed out. A machine that stands still does that as well, to whoever is measured at that moment, so the other
 * arms are asked before one is blamed.
 */
export const STALLED = 'ERR_GENERATOR_REPLY_TIMEOUT';

/** What the server that a session belongs to has done. A connection that cannot be made may be this machine's fault. */
const OF_THE_SERVER: readonly string[] = ['ERR_GENERATOR_SESSION_LOST', STALLED];

/** Whose fault a failed command of the load generator was; null where nobody can be named, and then it is nobody's. */
export async function blame(error: unknown, servers: readonly GateServer[]): Promise<ArmFailure | null> {
  if (error instanceof ArmFailure) return error;
  if (!(error instanceof ControlError)) return null;
  await sleep(EXIT_SEEN_MS);
  const stopped = servers.filter(({ parts }) => parts.some(({ process }) => !process.running));
  const named = servers.filter(({ arm }) => error.group?.startsWith(groupName(arm, '')) === true);
  const guilty = stopped.length > 0 ? stopped : OF_THE_SERVER.includes(error.code) ? named : [];
  const [first, ...others] = guilty.map(({ arm }) => arm);
  return first === undefined ? null : failureOf(first, error, others);
}
