import { METRICS } from '../../scenarios/harness/metrics.js';
import type { MachineRecord } from '../../scenarios/harness/record.js';
import type { StoredComparison } from '../baseline-store/compare-baseline.js';
import { type GateSummary, summaryRow } from '../gate/output/gate-summary.js';
import type { StoredGate } from '../gate/stored/stored-gate.js';
import type { GateVerdictFile } from '../gate/verdict/gate-verdict.js';
import {
  type GateFacts,
  HISTORY_SCHEMA,
  type HistoryLine,
  type MetricFacts,
  NO_METRIC,
} from './history-line.js';

/** What a gate leaves in the history. Pure. */

/** What the verdict does not say. */
export interface GateOccasion {
  /** When the verdict was there. */
  at: Date;
  branch: string | null;
  anchor: boolean;
}

/** None for a gate that was interrupted: it has no verdict, and is as if it had not been run. */
export function interleavedLines(file: GateVerdictFile, occasion: GateOccasion): HistoryLine[] {
  const { verdict, exitCode, startedAt, seed, machine, base, candidate } = file;
  if (verdict === 'interrupted') return [];
  const facts: GateFacts = {
    ...gateFacts({ startedAt, seed, machine, exitCode }, occasion),
    ...{ base, candidate, comparison: 'base-build', gateVerdict: verdict },
  };
  return linesOf(
    facts,
    file.metrics.map((line): MetricFacts => {
      const { case: caseName, metric, slowdownPercent, interval95Percent, unitDeviationPercent } = line;
      return {
        ...{ case: caseName, metric, unit: METRICS[metric].unit, better: METRICS[metric].better },
        ...{ valueBase: line.base, valueCandidate: line.candidate, slowdownPercent, interval95Percent },
        limitPercent: line.state === null ? null : line.limitPercent,
        finding: summaryRow(line, verdict).finding,
        ...{ invocations: file.invocations.used, unitDeviationPercent },
      };
    }),
  );
}

/** A gate that needed no measuring, because both builds serve the same files. */
export function identicalLines(
  file: Pick<GateVerdictFile, 'startedAt' | 'seed' | 'machine' | 'base' | 'candidate'>,
  { exitCode }: GateSummary,
  occasion: GateOccasion,
): HistoryLine[] {
  const { base, candidate } = file;
  const facts = gateFacts({ ...file, exitCode }, occasion);
  return linesOf({ ...facts, base, candidate, comparison: 'identical-files', gateVerdict: 'pass' }, []);
}

export interface StoredOutcome {
  stored: Pick<StoredGate, 'name' | 'runs' | 'build' | 'options'>;
  startedAt: string;
  machine: MachineRecord;
  summary: GateSummary;
  /** None where the machine was not worth measuring on. */
  comparisons: readonly StoredComparison[];
}

/** Of a gate without a base build: ratios to those of the stored runs, which stand as 1. */
export function storedLines(outcome: StoredOutcome, occasion: GateOccasion): HistoryLine[] {
  const { stored, startedAt, machine, summary, comparisons } = outcome;
  const { verdict, exitCode, rows } = summary;
  if (verdict === 'interrupted') return [];
  const { commit, dirty } = stored.build;
  const facts: GateFacts = {
    ...gateFacts({ startedAt, seed: stored.options.seed, machine, exitCode }, occasion),
    base: {
      commit: stored.runs.at(-1)?.build.commit ?? null,
      ...{ dirty: false, why: `stored baseline "${stored.name}"` },
    },
    ...{ candidate: { commit, dirty }, comparison: 'stored', gateVerdict: verdict },
  };
  return linesOf(
    facts,
    comparisons.map((each, index): MetricFacts => {
      const { case: caseName, metric, ratio, ci95, slowdownPercent, limitPercent, n } = each;
      return {
        ...{ case: caseName, metric, unit: 'ratio', better: 'higher', valueBase: 1, valueCandidate: ratio },
        ...{ slowdownPercent, limitPercent, finding: rows[index]?.finding ?? null, invocations: n },
        interval95Percent: ci95 === null ? null : [100 * (1 / ci95[1] - 1), 100 * (1 / ci95[0] - 1)],
        unitDeviationPercent: null,
      };
    }),
  );
}

type MachineFacts = Pick<MachineRecord, keyof HistoryLine['machine']>;

function gateFacts(
  gate: { startedAt: string; seed: number; machine: MachineFacts; exitCode: number },
  { at, branch, anchor }: GateOccasion,
): Omit<GateFacts, 'base' | 'candidate' | 'comparison' | 'gateVerdict'> {
  const { fingerprint, cpuModel, cores, kernel, node } = gate.machine;
  return {
    ...{
      schema: HISTORY_SCHEMA,
      gate: `${gate.startedAt} ${gate.seed}`,
      at: at.toISOString(),
      branch,
      anchor,
    },
    machine: { fingerprint, cpuModel, cores, kernel, node },
    exitCode: gate.exitCode,
    minutes: Math.max(0, (at.getTime() - Date.parse(gate.startedAt)) / 60_000),
  };
}

function linesOf(facts: GateFacts, metrics: readonly MetricFacts[]): HistoryLine[] {
  return (metrics.length === 0 ? [NO_METRIC] : metrics).map((each) => ({ ...facts, ...each }));
}
