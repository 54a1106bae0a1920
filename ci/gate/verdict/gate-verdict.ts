import type { ExitCode } from '../../../scenarios/harness/exit-code.js';
import type { MetricName } from '../../../scenarios/harness/metrics.js';
import type { DropKind } from '../invocation/disturbance.js';
import type { GatedKind } from '../invocation/gated-metrics.js';
import type { HeaderLine } from '../invocation/raw-file.js';
import type { InRunNoise } from '../statistics/block-unit.js';
import type { DropFinding } from '../statistics/dropped-blocks.js';
import type { MetricState } from '../statistics/gate-state.js';
import type { ControlFinding } from '../statistics/negative-control.js';

/** What a gate says, from which table, Markdown and JUnit are made. It holds no time but that of the raw file. */
export const GATE_SCHEMA = 'msgtrans.gate/1';

export interface GateVerdictFile {
  schema: typeof GATE_SCHEMA;
  verdict: 'pass' | 'fail' | 'inconclusive' | 'interrupted';
  exitCode: ExitCode;
  /** The weightiest first. */
  reasons: string[];
  startedAt: string;
  seed: number;
  base: HeaderLine['base'];
  candidate: HeaderLine['candidate'];
  machine: HeaderLine['machine'];
  invocations: {
    measured: number;
    /** Those the decision was fed with; the others had too few undisturbed blocks, or lacked a count. */
    used: number;
    /** How many there must be before more can be said; equals `used` once decided. */
    wanted: number;
  };
  metrics: MetricLine[];
  drops: Omit<DropFinding, 'pOrder' | 'pArm'> & { causes: Partial<Record<DropKind, number>> };
  control: ControlFinding[];
  notes: string[];
}

export interface MetricLine {
  case: string;
  metric: MetricName;
  kind: GatedKind;
  limitPercent: number;
  /** Medians over the invocations that were used; null when nothing was measured. */
  base: number | null;
  candidate: number | null;
  /** Positive is slower. */
  slowdownPercent: number | null;
  /**
   * Two-sided, of this metric alone and as if there were no looks before: for the reader. What decides are the bounds of
   * `state`. Null for counters, and where there are too few invocations for one.
   */
  interval95Percent: [low: number, high: number] | null;
  /** Of single windows, in the same process: median over invocations; null for what is counted. */
  noise: Pick<InRunNoise, 'windowDeviationPercent' | 'windowRootMeanSquarePercent'> | null;
  /** Standard deviation of the unit between invocations, in per cent. */
  unitDeviationPercent: number | null;
  /** Null for what decides nothing: shown, or not counted by both builds. */
  state: MetricState | null;
}
