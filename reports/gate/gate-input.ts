import type { RawLine } from '../../ci/gate/invocation/raw-file.js';
import type { GateSummary } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile } from '../../ci/gate/verdict/gate-verdict.js';
import type { HistoryView } from '../../ci/history/history-view.js';
import type { Evidence } from './evidence-file.js';

/** What a gate's page is made from: what the gate wrote, and nothing else. */
export interface GateInput {
  /** Of a gate that measured, or the summary of one that compared stored ratios or had nothing to measure. */
  verdict: GateVerdictFile | GateSummary;
  /** `invocations.ndjson`; empty where it is not at hand, or where nothing was interleaved. */
  lines: readonly RawLine[];
  /** What earlier gates said; null: no section. */
  history?: HistoryView | null;
  /** What the self-test of the gate has shown; null: no section. */
  evidence?: Evidence | null;
}

export function isMeasured(verdict: GateInput['verdict']): verdict is GateVerdictFile {
  return 'schema' in verdict;
}
