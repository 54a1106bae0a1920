import type { ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import type { GateArm } from '../invocation/gate-arms.js';
import type { LayoutVariant } from './layout-variants.js';
import type { InjectedKind } from './selftest-kinds.js';

/** What a series compares: how the servers of each invocation are started. */
export interface Subject {
  armCommand(index: number): (arm: GateArm) => ProcessCommand;
  /** How the candidate of this invocation differs from others of its series; null where it does not. */
  variant(index: number): string | null;
}

/** How servers are started from a build; an arm's name is no business of the gate's. */
export interface ServerCommands {
  serve(rootDir: string): ProcessCommand;
  inject(rootDir: string, kind: InjectedKind, amount: number): ProcessCommand;
}

/** Two copies of one build. */
export interface IdenticalBuilds {
  baseDir: string;
  candidateDir: string;
}

export function identicalSubject({ serve }: ServerCommands, builds: IdenticalBuilds): Subject {
  const { baseDir, candidateDir } = builds;
  return {
    armCommand: () => (arm) => serve(arm === 'candidate' ? candidateDir : baseDir),
    variant: () => null,
  };
}

export function injectedSubject(
  { serve, inject }: ServerCommands,
  { baseDir, candidateDir }: IdenticalBuilds,
  kind: InjectedKind,
  amount: number,
): Subject {
  return {
    armCommand: () => (arm) => (arm === 'candidate' ? inject(candidateDir, kind, amount) : serve(baseDir)),
    variant: () => null,
  };
}

/** A page: where the stack and what lies on it begin moves by up to that much. */
const ENVIRONMENT_BYTES_MAX = 4_096;

/**
 * As many as a gate takes that fails. A real candidate lies in one place from the first invocation to the last, so that what its
 * layout costs is in all of them: drawn anew for each, layouts would average away within the gate that they are to fool.
 */
const INVOCATIONS_PER_VARIANT = 48;

/** Candidates that do the same from other addresses: one after the other, each in environments of all sizes. */
export function neutralSubject(
  { serve }: ServerCommands,
  baseDir: string,
  variants: readonly LayoutVariant[],
  seed: number,
): Subject {
  const drawn = (index: number): { variant: LayoutVariant; environmentBytes: number } => {
    const random = createRandom(seed).fork(`layout ${index}`);
    return {
      variant: variants[Math.floor(index / INVOCATIONS_PER_VARIANT) % variants.length],
      environmentBytes: random.below(ENVIRONMENT_BYTES_MAX),
    };
  };
  return {
    armCommand(index) {
      const { variant, environmentBytes } = drawn(index);
      const padded = { MSGTRANS_LAYOUT_PADDING: 'x'.repeat(environmentBytes) };
      return (arm) => (arm === 'candidate' ? { ...serve(variant.rootDir), env: padded } : serve(baseDir));
    },
    variant(index) {
      const { variant, environmentBytes } = drawn(index);
      return `environment ${environmentBytes}, path ${variant.pathBytes}, link ${variant.linkSeed}`;
    },
  };
}
