import { EXIT, type ExitCode, strongest } from './exit-code.js';
import { formatRatio } from './format-number.js';
import { formatSeconds } from './progress.js';
import type { RunRecord, SoakRecord } from './record.js';

/** What, besides the checks of the record, decides how a run ends. */
export interface Judgement {
  strict: boolean;
  quick: boolean;
  /** Under a profiler. */
  profiled?: boolean;
  /** What ended the run early. */
  failure: Error | null;
  /** From the comparison with a stored baseline, and from writing; each with its reason. */
  further: readonly { code: ExitCode; reason: string }[];
}

/** Fills in verdict, reasons and exit code. */
export function judge(record: RunRecord, judgement: Judgement): void {
  const codes: ExitCode[] = [];
  const reasons: string[] = [];
  if (record.interrupted) {
    codes.push(EXIT.interrupted);
    reasons.push(
      record.soak === undefined
        ? 'interrupted: only the rounds finished until then are in this record'
        : 'interrupted: --resume goes on from its last checkpoint',
    );
  }
  if (judgement.failure !== null) {
    codes.push(EXIT.error);
    reasons.push(judgement.failure.message);
  }
  const measured = Object.values(record.cases).some((each) => each.status === 'measured');
  const failed = record.checks.filter((check) => check.verdict === 'fail');
  if (!measured && !record.interrupted && judgement.failure === null && failed.length === 0) {
    codes.push(EXIT.error);
    const why = Object.entries(record.cases).map(([name, each]) => `${name}: ${each.reason}`);
    reasons.push(`nothing could be measured: ${why.join('; ')}`);
  }
  for (const check of failed) {
    codes.push(EXIT.checkFailed);
    reasons.push(
      `${check.case}: ${check.expression}: ${check.value} (limit ${check.limit}); ${check.reason}`,
    );
  }
  const missed = record.checks.filter((check) => check.verdict === 'missed');
  if (missed.length > 0) {
    if (judgement.strict) codes.push(EXIT.checkFailed);
    const judged = record.checks.filter(
      (check) => check.kind === 'service-level' && check.verdict !== 'not-measurable',
    );
    reasons.push(`${missed.length} of ${judged.length} numbers missed`);
  }
  if (judgement.quick) {
    reasons.push(
      record.soak === undefined
        ? 'a quick run: correctness was checked, numbers were not judged'
        : 'a quick run: every message was accounted for; it is too short to find a leak',
    );
  }
  if (judgement.profiled) reasons.push('a profiled run: correctness was checked, numbers were not judged');
  for (const { code, reason } of judgement.further) {
    codes.push(code);
    reasons.push(reason);
  }
  record.exitCode = strongest(codes);
  record.reasons = reasons;
  record.verdict = verdictOf(record);
}

function verdictOf(record: RunRecord): RunRecord['verdict'] {
  if (record.interrupted || record.exitCode === EXIT.inconclusive) return 'inconclusive';
  return record.exitCode === EXIT.pass ? 'pass' : 'fail';
}

/** One sentence a manager can quote. */
export function verdictSentence(record: RunRecord): string {
  const parts: string[] = [];
  const first = record.comparisons.find(
    (each) => each.metric === 'throughput_ops_per_s' && each.arm === 'native' && each.against === 'baseline',
  );
  if (first !== undefined && record.scaling === undefined) {
    const limit = record.comparisons.find(
      (each) => each.case === first.case && each.metric === first.metric && each.against === 'limit',
    );
    const kernel =
      limit === undefined ? '' : ` and ${formatRatio(limit.ratio, limit.ci95)} of what the kernel can do`;
    const where = Object.keys(record.cases).length > 1 ? ` (${first.case})` : '';
    parts.push(`native serves ${formatRatio(first.ratio, first.ci95)} the baseline${kernel}${where}`);
  }
  if (record.soak !== undefined) parts.push(...soakParts(record.soak));
  for (const { work, arm, points } of record.scaling ?? []) {
    const { threads, value, ci95 } = points[points.length - 1];
    if (arm !== 'native' || threads === 1) continue;
    const share = formatRatio(value / threads, ci95 && [ci95[0] / threads, ci95[1] / threads]);
    parts.push(`${work} on ${threads} threads gets ${share} of what the processors bring`);
  }
  const arms = Object.values(record.cases).flatMap((each) => Object.values(each.arms));
  const sum = (key: 'sent' | 'lost' | 'duplicated' | 'reordered' | 'corrupted'): number =>
    arms.reduce((total, arm) => total + Math.abs(arm.ledger[key]), 0);
  if (sum('sent') > 0) {
    const faults = sum('lost') + sum('duplicated') + sum('reordered') + sum('corrupted');
    parts.push(
      faults === 0 ? 'no message lost' : `${faults} messages lost, duplicated, reordered or corrupted`,
    );
  }
  const missed = record.checks.filter((check) => check.verdict === 'missed').length;
  if (missed > 0) parts.push(`${missed} ${missed === 1 ? 'number' : 'numbers'} missed`);
  parts.push(record.interrupted ? 'interrupted' : record.verdict);
  return `${record.scenario}: ${parts.join('; ')}`;
}

function soakParts({ measuredSeconds, leaks, running }: SoakRecord): string[] {
  const worked = `native ${running ? 'has worked' : 'worked'} for ${formatSeconds(measuredSeconds)}`;
  const found = (leaks.native ?? []).filter(({ verdict }) => verdict === 'leak');
  const judged = (leaks.native ?? []).filter(({ verdict }) => verdict === 'clean');
  if (found.length > 0) return [worked, `leaks: ${found.map(({ label }) => label).join(', ')}`];
  return [worked, judged.length > 0 ? 'no gauge that could be judged leaks' : 'too short to find a leak'];
}
