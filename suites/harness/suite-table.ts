import { formatNs, formatRatio, formatSi, significant } from '../../scenarios/harness/format-number.js';
import type {
  ArmRecord,
  CaseRecord,
  CheckRecord,
  MetricRecord,
  RunRecord,
} from '../../scenarios/harness/record.js';
import { alignColumns } from '../../scenarios/harness/result-table.js';

/** What a suite prints when it is done: a table per case, and what its numbers are worth. */
export function renderSuite(record: RunRecord): string {
  const parts = Object.entries(record.cases).map(([name, body]) => renderCase(record, name, body));
  const operations = Object.values(record.cases)
    .flatMap((body) => Object.values(body.arms))
    .reduce((sum, arm) => sum + arm.ledger.sent, 0);
  parts.push(
    `${formatSi(operations)} operations; a fixed 4 ms kernel spread by ${significant(record.machine.aluNoisePercent)} %`,
  );
  if (record.notes !== undefined) parts.push(...record.notes.map((note) => `note: ${note}`));
  return parts.join('\n\n');
}

function renderCase(record: RunRecord, name: string, body: CaseRecord): string {
  const lines = [name];
  if (body.status === 'measured') lines.push(...armTable(record, name, body).map((line) => `  ${line}`));
  for (const [arm, reason] of Object.entries(body.absentArms ?? {})) {
    lines.push(`  ${arm}: not measurable here: ${reason}`);
  }
  for (const [arm, { errors }] of Object.entries(body.arms)) {
    for (const error of errors ?? []) lines.push(`  ${arm}, round ${error.round + 1}: ${error.message}`);
  }
  const checks = record.checks.filter((check) => check.case === name);
  lines.push(...checks.filter(isWorthALine).map((check) => `  ${checkLine(check)}`));
  return lines.join('\n');
}

function armTable(record: RunRecord, name: string, body: CaseRecord): string[] {
  const measured = Object.entries(body.arms).filter(([, arm]) => arm.rounds.length > 0);
  const header = [
    'arm',
    'operations/s',
    '95 %',
    'bytes/s',
    'time/op',
    'CPU/op',
    'job',
    'native against it',
    '',
  ];
  const rows = measured.map(([arm, { metrics }]) => {
    const comparison = record.comparisons.find(
      (each) =>
        each.case === name &&
        each.metric === 'throughput_ops_per_s' &&
        each.arm === 'native' &&
        each.against === arm,
    );
    return [
      arm,
      formatSi(metrics.throughput_ops_per_s?.value ?? Number.NaN),
      interval(metrics.throughput_ops_per_s),
      metrics.throughput_bytes_per_s === undefined ? '' : formatSi(metrics.throughput_bytes_per_s.value),
      formatNs(metrics.latency_ns_mean?.value ?? Number.NaN),
      metrics.cpu_ns_per_op === undefined ? '' : formatNs(metrics.cpu_ns_per_op.value),
      metrics.job_ns === undefined ? '' : formatNs(metrics.job_ns.value),
      comparison === undefined ? '' : formatRatio(comparison.ratio, comparison.ci95),
      remark(metrics),
    ];
  });
  const filled = header.map((_, column) => rows.some((row) => row[column] !== ''));
  return alignColumns([header, ...rows].map((row) => row.filter((_, column) => filled[column])));
}

function remark({ pool_hit_rate: hits, payload_copies_per_op: copies }: ArmRecord['metrics']): string {
  if (hits !== undefined) return `hit rate ${significant(100 * hits.value)} %`;
  return copies === undefined ? '' : `${significant(copies.value)} copies/op`;
}

function interval(metric: MetricRecord | undefined): string {
  if (metric === undefined) return '';
  return metric.ci95 === null
    ? 'n/a below 5 rounds'
    : `[${formatSi(metric.ci95[0])}, ${formatSi(metric.ci95[1])}]`;
}

function isWorthALine(check: CheckRecord): boolean {
  return check.kind === 'service-level' ? check.value !== null : check.verdict === 'fail';
}

function checkLine(check: CheckRecord): string {
  const word = { pass: 'pass', fail: 'FAIL', missed: 'MISSED', 'not-measurable': 'not judged' }[
    check.verdict
  ];
  const value = check.value === null ? '' : `: ${significant(check.value)}`;
  const reason = check.reason === null ? '' : ` (${check.reason})`;
  return `${word.padEnd(10)}  ${check.expression}${value}${reason}`;
}

/** One sentence on the whole suite. */
export function suiteSentence(record: RunRecord): string {
  const judged = record.checks.filter(
    (check) => check.kind === 'service-level' && check.verdict !== 'not-measurable',
  );
  const reached = judged.filter((check) => check.verdict === 'pass').length;
  const wrong = Object.values(record.cases)
    .flatMap((body) => Object.values(body.arms))
    .reduce((sum, arm) => sum + arm.ledger.corrupted, 0);
  const parts = [
    ...(judged.length > 0 ? [`${reached} of ${judged.length} numbers reached`] : []),
    wrong === 0 ? 'no wrong result' : `${wrong} wrong results`,
    record.interrupted ? 'interrupted' : record.verdict,
  ];
  return `${record.scenario}: ${parts.join('; ')}`;
}
