import { compareArms } from './comparisons.js';
import { formatBytes, formatNs, formatRatio, formatSi, significant } from './format-number.js';
import type { CaseRecord, CheckRecord, MetricRecord, RunRecord } from './record.js';
import { scalingLines } from './scaling/scaling-table.js';
import { createRandom } from './statistics/random.js';

/** What a run prints when it is done: a table per case, the checks, and what they are worth. */
export function renderResults(record: RunRecord): string {
  const parts = Object.entries(record.cases).map(([name, body]) => renderCase(record, name, body));
  if (record.scaling !== undefined) parts.push(scalingLines(record.scaling).join('\n'));
  parts.push(ledgerLine(record), noiseLine(record));
  if (record.notes !== undefined && record.notes.length > 0) {
    parts.push(record.notes.map((note) => `note: ${note}`).join('\n'));
  }
  return parts.join('\n\n');
}

function renderCase(record: RunRecord, name: string, body: CaseRecord): string {
  const lines = [name];
  if (body.status === 'projected') lines.push(`  projected, not measured: ${body.reason}`);
  else if (body.status !== 'measured') lines.push(`  not measurable here: ${body.reason}`);
  else lines.push(...indented(armTable(record, name, body)));
  for (const [arm, reason] of Object.entries(body.absentArms ?? {})) {
    lines.push(`  ${arm}: not measurable here: ${reason}`);
  }
  if (body.status === 'projected') return lines.join('\n');
  const checks = record.checks.filter((check) => check.case === name);
  lines.push(...indented(checks.filter(worthALine).map(checkLine)));
  return lines.join('\n');
}

/** Passed correctness checks are summed up in the ledger line; unjudged numbers of a quick run say so once, below. */
function worthALine(check: CheckRecord): boolean {
  return check.kind === 'service-level'
    ? check.value !== null || check.verdict !== 'pass'
    : check.verdict === 'fail';
}

function armTable(record: RunRecord, name: string, body: CaseRecord): string[] {
  const random = createRandom(record.seed).fork('table');
  const header = ['arm', 'operations/s', '95 %', 'against baseline', 'CPU/op', 'p50', 'p99', 'cold pass', ''];
  const rows = Object.entries(body.arms).map(([arm, { metrics, coldPass }]) => {
    const throughput = metrics.throughput_ops_per_s;
    const comparison =
      arm === 'baseline'
        ? null
        : compareArms(name, 'throughput_ops_per_s', [arm, 'baseline'], body.arms, random);
    return [
      arm,
      throughput === undefined ? 'n/a' : formatSi(throughput.value),
      interval(throughput),
      comparison === null ? '' : formatRatio(comparison.ratio, comparison.ci95),
      time(metrics.cpu_ns_per_op),
      time(metrics.latency_ns_p50),
      time(metrics.latency_ns_p99),
      coldPass === undefined ? '' : formatSi(coldPass.value),
      throughput?.mark ?? '',
    ];
  });
  const memory = Object.entries(body.arms)
    .filter(([, arm]) => arm.metrics.memory_bytes_per_session !== undefined)
    .map(([arm, { metrics }]) => `${arm} ${formatBytes(metrics.memory_bytes_per_session.value)}`);
  const table = alignColumns([header, ...rows]);
  return memory.length === 0 ? table : [...table, `memory per idle session: ${memory.join(', ')}`];
}

function interval(metric: MetricRecord | undefined): string {
  if (metric === undefined || metric.ci95 === null) return metric === undefined ? '' : 'n/a below 5 rounds';
  return `[${formatSi(metric.ci95[0])}, ${formatSi(metric.ci95[1])}]`;
}

function time(metric: MetricRecord | undefined): string {
  return metric === undefined ? 'n/a' : formatNs(metric.value);
}

/** First column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column] - [...cell].length);
        return column === 0 ? cell + padding : padding + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}

function checkLine(check: CheckRecord): string {
  const value = check.value === null ? '' : `: ${significant(check.value)}`;
  const word = { pass: 'pass', fail: 'FAIL', missed: 'MISSED', 'not-measurable': 'not judged' }[
    check.verdict
  ];
  const reason = check.reason === null ? '' : ` (${check.reason})`;
  return `${word.padEnd(10)}  ${check.expression}${value}${reason}`;
}

function ledgerLine(record: RunRecord): string {
  const arms = Object.values(record.cases).flatMap((each) => Object.values(each.arms));
  const sum = (key: keyof (typeof arms)[number]['ledger']): number =>
    arms.reduce((total, arm) => total + arm.ledger[key], 0);
  const errors = arms.reduce((total, arm) => total + (arm.errors?.length ?? 0), 0);
  return (
    `ledger: ${formatSi(sum('sent'))} sent, ${formatSi(sum('delivered'))} delivered, ${sum('lost')} lost, ` +
    `${sum('duplicated')} duplicated, ${sum('reordered')} reordered, ${sum('corrupted')} corrupted, ` +
    `${sum('unacknowledgedAtClose')} unanswered at close; ${errors} errors`
  );
}

function noiseLine(record: RunRecord): string {
  const steal = record.blocks.map((block) => block.stealPercent);
  const waiting = record.blocks.map((block) => block.psiCpuSome).filter((share) => share !== null);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const psi =
    waiting.length === 0
      ? 'no PSI'
      : `tasks waited for a processor ${significant(100 * mean(waiting))} % of the time`;
  const dropped = record.blocks.filter((block) => block.dropped).length;
  return (
    `noise: a fixed 4 ms kernel spread by ${significant(record.machine.aluNoisePercent)} %, ` +
    `steal ${significant(mean(steal))} %, ${psi}, ${dropped} of ${record.blocks.length} blocks dropped`
  );
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
