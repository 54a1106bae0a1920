import { EXIT } from '../../../scenarios/harness/exit-code.js';
import type { GateVerdictFile } from '../verdict/gate-verdict.js';
import { type GateSummary, shortBuild } from './gate-summary.js';

/** Of a gate that needed no measuring: candidate and base serve the same files. */
export function summariseIdentical({
  base,
  candidate,
}: Pick<GateVerdictFile, 'base' | 'candidate'>): GateSummary {
  return {
    ...{ verdict: 'pass', exitCode: EXIT.pass, rows: [], improved: false },
    comparison: `${shortBuild(candidate)} against the base build ${shortBuild(base)} (${base.why}): not measured`,
    reasons: ["the served files are identical to the base's"],
    notes: ['--measure-identical measures them all the same'],
  };
}
