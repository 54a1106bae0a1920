import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessCommand } from '../harness/arm-process.js';
import { matchesGlob } from '../harness/glob.js';
import type { RunOptions } from '../harness/options.js';
import type { Scenario } from '../harness/scenario-file.js';
import { UsageError } from '../harness/usage-error.js';
import type { ProfileTool } from './profile-tools.js';

/** What `--profile` makes of a run: one arm in one case for a short time, under a profiler of clinic's. */

/** Long enough for a picture, short enough for the files that a profiler writes. */
const DURATION_MS = 5_000;
/** Clinic makes the page after the arm has ended; from a long trace that takes a while. */
const PAGE_GRACE_MS = 240_000;

/** The first chosen case that has the arm, without what a profile does not need. */
export function profiledRun(
  scenario: Scenario,
  options: RunOptions,
): { scenario: Scenario; options: RunOptions } {
  const [arm] = options.arms ?? ['native'];
  const { casePattern } = options;
  const fits = scenario.cases.filter((each) => casePattern === null || matchesGlob(casePattern, each.name));
  const body = fits.find((each) => each.arms.includes(arm)) ?? fits[0];
  return {
    scenario: {
      ...{ ...scenario, idleMemory: null },
      cases: body === undefined ? scenario.cases : [{ ...body, messagesPerSessionMin: 0, quick: true }],
    },
    options: {
      ...{ ...options, arms: [arm], repeat: options.repeat ?? 1 },
      durationMs: options.durationMs ?? DURATION_MS,
    },
  };
}

/** Throws for an arm that no profiler of clinic can look into. */
export function requireNode({ command }: ProcessCommand): void {
  if (command === process.execPath) return;
  throw new UsageError(
    `--profile looks into Node.js; ${command} is a program of its own: see "Finding out where time goes" in CONTRIBUTING.md`,
  );
}

/**
 * Starts an arm through `relay.ts`.
 * @param clinic the folder where clinic is installed
 * @param output where the profiler writes; not yet the folder of the run, which does not exist before its end
 */
export function profiledCommand(
  tool: ProfileTool,
  arm: ProcessCommand,
  { clinic, output }: { clinic: string; output: string },
): ProcessCommand {
  requireNode(arm);
  const { command, args, env } = arm;
  const relay = join(import.meta.dirname, 'relay.js');
  const program = join(clinic, 'node_modules', 'clinic', 'bin.js');
  return {
    ...{ command, env, closeGraceMs: PAGE_GRACE_MS },
    args: [relay, program, tool, output, ...args],
  };
}

/** A folder beside the runs, so that it can be moved into one of them. */
export function createProfileFolder(runs: string): string {
  mkdirSync(runs, { recursive: true });
  return mkdtempSync(join(runs, '.profile-'));
}

/**
 * Moves the profile into the folder of its run.
 * @returns the pages
 * @throws Error when there are none: clinic can fail with exit code 0
 */
export function keepProfile(output: string, runFolder: string): string[] {
  const target = join(runFolder, 'profile');
  renameSync(output, target);
  const pages = readdirSync(target).filter((name) => name.endsWith('.html'));
  if (pages.length === 0) throw new Error(`clinic made no page; what it left is in ${target}`);
  return pages.map((name) => join(target, name));
}

/** After a run that wrote nothing. */
export function dropProfile(output: string): void {
  if (existsSync(output)) rmSync(output, { recursive: true });
}
