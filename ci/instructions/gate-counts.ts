import { join } from 'node:path';
import { EXIT, type ExitCode, strongest } from '../../scenarios/harness/exit-code.js';
import { Git } from '../gate/base-build/git.js';
import type { GateSummary, RowFinding, SummaryRow } from '../gate/output/gate-summary.js';
import { type CountFinding, type CountLine, compareCounts, GROWTH_LIMIT_PERCENT } from './compare-counts.js';
import { type Counting, countPaths } from './count-paths.js';
import { listPaths } from './counted-program.js';
import { type CountingToolchain, toolchainKey, toolchainWords } from './counting-toolchain.js';
import { type CountsFile, countsPath, parseCounts, readCounts } from './counts-file.js';
import { findingWords, formatChange, formatPerOperation } from './counts-text.js';
import { InstructionError } from './instruction-error.js';

/** The gate's second signal, `npm run gate -- --instructions`: what the base had stored against what the candidate counts. */

export interface GateReference {
  toolchain: CountingToolchain;
  /** Of the base. */
  stored: CountsFile;
  /** Of the candidate's checkout: growth that comes with its reason. */
  declared: CountsFile | null;
  /** Where `stored` is from, in words. */
  from: string;
}

export interface ReferencePlaces {
  /** The checkout, for what its git knows, and its stored baselines. */
  rootDir: string;
  baselines: string;
  /** Null where there is no base. */
  baseCommit: string | null;
  toolchain: CountingToolchain;
}

/** What the verdict keeps of it. */
export interface GateInstructions {
  toolchain: string;
  from: string;
  limitPercent: number;
  lines: CountLine[];
}

const BASELINES_IN_GIT = 'ci/baselines';

/**
 * What the candidate will be compared with: the counts that the base commit stores for this toolchain, or without a base
 * those of the checkout. Asked before anything is measured, so that nobody waits for a gate that cannot answer.
 *
 * @throws InstructionError `ERR_INSTRUCTIONS_MISSING`, `ERR_INSTRUCTIONS_INVALID`
 */
export function gateReference({ rootDir, baselines, baseCommit, toolchain }: ReferencePlaces): GateReference {
  const declared = readCounts(baselines, toolchain);
  const [stored, from] =
    baseCommit === null
      ? ([declared, 'this checkout'] as const)
      : ([countsAt(rootDir, baseCommit, toolchain), `the base ${baseCommit.slice(0, 12)}`] as const);
  if (stored !== null) return { toolchain, stored, declared, from };
  throw new InstructionError(
    'ERR_INSTRUCTIONS_MISSING',
    `--instructions has nothing to compare with: ${from} stores no counts for ${toolchainKey(toolchain)} ` +
      `(${toolchainWords(toolchain)}).\nLeave the option out, or store counts with "npm run instructions -- --save" ` +
      'in a commit before the change',
  );
}

function countsAt(rootDir: string, commit: string, toolchain: CountingToolchain): CountsFile | null {
  const name = `${commit}:${countsPath(BASELINES_IN_GIT, toolchain)}`;
  const text = new Git(rootDir).ask('show', name);
  return text === null ? null : parseCounts(text, name, toolchain);
}

/** @throws InstructionError */
export async function countForGate(
  { toolchain, stored, declared, from }: GateReference,
  counting: Counting,
  signal: AbortSignal,
): Promise<GateInstructions> {
  const allPaths = listPaths(counting.program);
  const counts = await countPaths(counting, allPaths, signal);
  return {
    ...{ toolchain: toolchainKey(toolchain), from, limitPercent: GROWTH_LIMIT_PERCENT },
    lines: compareCounts({ counts, stored: stored.paths, declared: declared?.paths, allPaths }),
  };
}

/** Where the profiles of a gate or of the command go. */
export function profilesFolder(runs: string): string {
  return join(runs, 'instructions');
}

/** Pure: the gate's summary with a row for each path, failed where one grew. */
export function withInstructions(summary: GateSummary, instructions: GateInstructions): GateSummary {
  const grown = instructions.lines.filter(({ finding }) => finding === 'grown');
  const told = {
    ...summary,
    rows: [...summary.rows, ...instructions.lines.map(rowOf)],
    notes: [...summary.notes, `instructions are compared with those that ${instructions.from} stores`],
  };
  if (grown.length === 0) return told;
  const paths = grown.map(({ path, changePercent }) => `${path} ${formatChange(changePercent)}`);
  const reason = `more instructions than stored, above the limit of ${GROWTH_LIMIT_PERCENT} %: ${paths.join(', ')}`;
  return {
    ...told,
    // Who interrupted a gate knows that it says less than it could.
    verdict: summary.verdict === 'interrupted' ? 'interrupted' : 'fail',
    exitCode: strongest([summary.exitCode as ExitCode, EXIT.regression]),
    reasons: summary.verdict === 'fail' ? [...summary.reasons, reason] : [reason, ...summary.reasons],
  };
}

const FINDINGS: Record<CountFinding, RowFinding> = {
  grown: 'fail',
  accepted: 'shown',
  unchanged: 'pass',
  fewer: 'pass',
  new: 'shown',
  'other-work': 'shown',
  gone: 'shown',
};

function rowOf(line: CountLine): SummaryRow {
  return {
    case: 'instructions',
    metric: line.path,
    base: formatPerOperation(line.stored),
    candidate: formatPerOperation(line.now),
    slowdown: formatChange(line.changePercent),
    limit: `${GROWTH_LIMIT_PERCENT} %`,
    finding: FINDINGS[line.finding],
    reason: findingWords(line),
  };
}
