import { formatBytes, formatNs, formatSi, significant } from '../../../scenarios/harness/format-number.js';
import { METRICS, type MetricName } from '../../../scenarios/harness/metrics.js';
import type { SideFinding } from '../statistics/gate-state.js';
import type { GateVerdictFile, MetricLine } from '../verdict/gate-verdict.js';
import { gatePower } from './gate-power.js';
import { lookNotes } from './look-note.js';
import { powerNotes } from './power-note.js';

/** What table, Markdown and JUnit say, whichever comparison it was. */
export interface GateSummary {
  verdict: 'pass' | 'fail' | 'inconclusive' | 'interrupted';
  exitCode: number;
  /** Which comparison it was, of what with what. */
  comparison: string;
  /** The weightiest first. */
  reasons: string[];
  rows: SummaryRow[];
  /** What a reader must know besides. */
  notes: string[];
  /** Whether something became faster beyond doubt. */
  improved: boolean;
}

export interface SummaryRow {
  case: string;
  metric: string;
  base: string;
  candidate: string;
  /** `+2.1 %` is slower. */
  slowdown: string;
  limit: string;
  finding: RowFinding;
  reason: string;
}

export type RowFinding = 'pass' | 'fail' | 'inconclusive' | 'improved' | 'shown';

/** @param power of {@link gatePower}, where it is already known */
export function summariseVerdict(file: GateVerdictFile, power = gatePower(file)): GateSummary {
  const { base, candidate, invocations, drops, machine } = file;
  const causes = Object.entries(drops.causes).map(([kind, count]) => `${kind} ${count}`);
  const dropped = `${drops.dropped} of ${drops.blocks} blocks dropped`;
  return {
    verdict: file.verdict,
    exitCode: file.exitCode,
    comparison:
      `${shortBuild(candidate)} against the base build ${shortBuild(base)} (${base.why}), interleaved: ` +
      `${invocations.used} invocations, seed ${file.seed}`,
    reasons: file.reasons,
    rows: file.metrics.map((line) => summaryRow(line, file.verdict)),
    notes: [
      causes.length === 0 ? dropped : `${dropped}: ${causes.join(', ')}`,
      ...(invocations.measured > invocations.used
        ? [
            `${invocations.measured - invocations.used} invocations were not used: too few undisturbed blocks, or a count missing`,
          ]
        : []),
      `noise of the machine: ${significant(machine.aluNoisePercent)} % over a fixed loop of 4 ms`,
      ...file.metrics.flatMap(noiseNote),
      ...lookNotes(file),
      ...powerNotes(power),
      ...file.control.filter((each) => each.invocations > 0).map(({ reason }) => `control: ${reason}`),
      ...file.notes,
    ],
    improved: file.metrics.some(({ state }) => state?.faster.finding === 'confirmed'),
  };
}

export function shortBuild({ commit, dirty }: { commit: string | null; dirty: boolean }): string {
  return `${commit?.slice(0, 12) ?? 'without a commit'}${dirty ? ' with changes' : ''}`;
}

export function formatMetric(metric: MetricName, value: number | null): string {
  return formatFigure(METRICS[metric].unit, value);
}

export function formatFigure(unit: string, value: number | null): string {
  if (value === null) return 'n/a';
  if (unit === 'ns' || unit === 'ns/operation') return formatNs(value);
  if (unit === 'bytes/session') return formatBytes(value);
  return unit === 'operations/s' ? `${formatSi(value)}/s` : significant(value);
}

export function formatSlowdown(percent: number | null): string {
  return percent === null ? 'n/a' : `${percent > 0 ? '+' : ''}${percent.toFixed(2)} %`;
}

const FINDINGS: Record<SideFinding, RowFinding> = {
  open: 'inconclusive',
  cleared: 'pass',
  suspect: 'inconclusive',
  confirmed: 'fail',
  unconfirmed: 'inconclusive',
  undecided: 'inconclusive',
};

export function summaryRow(line: MetricLine, verdict: GateVerdictFile['verdict']): SummaryRow {
  const { state, metric } = line;
  const found = state === null ? 'shown' : FINDINGS[state.slower.finding];
  // A control or drops that object take the whole gate's verdict away, and no row may say more than the gate.
  const slower = found === 'fail' && verdict === 'inconclusive' ? 'inconclusive' : found;
  return {
    case: line.case,
    metric,
    base: formatMetric(metric, line.base),
    candidate: formatMetric(metric, line.candidate),
    slowdown: formatSlowdown(line.slowdownPercent),
    limit: state === null ? '' : `${line.limitPercent} %`,
    finding: slower === 'pass' && state?.faster.finding === 'confirmed' ? 'improved' : slower,
    reason: state?.slower.reason ?? '',
  };
}

function noiseNote({ case: caseName, metric, noise, unitDeviationPercent }: MetricLine): string[] {
  if (unitDeviationPercent === null) return [];
  const windows = noise === null ? '' : `${significant(noise.windowDeviationPercent)} % between windows, `;
  return [
    `noise of ${caseName} ${metric}: ${windows}${significant(unitDeviationPercent)} % between invocations`,
  ];
}
