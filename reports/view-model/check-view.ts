import type { CheckRecord, CheckVerdict, RunRecord } from '../../scenarios/harness/record.js';
import { alignDecimals, NOT_AVAILABLE, threeDigits } from '../numbers/digits.js';
import { listInWords, plural } from '../numbers/sentence.js';
import { type CellState, type TableView, tableView } from './table-view.js';

export interface CheckView {
  sentence: string;
  /** Service levels, and whatever correctness check did not pass. */
  table: TableView;
  /** Correctness checks that hold: there are two for each arm and case, and nobody reads them one by one. */
  passed: TableView | null;
}

const WORDS: Record<CheckVerdict, string> = {
  pass: '✓ pass',
  missed: '△ missed',
  fail: '✕ fail',
  'not-measurable': '○ not judged',
};
/** What needs a reader's eye comes first. */
const ORDER: CheckVerdict[] = ['fail', 'missed', 'not-measurable', 'pass'];
const NAMED_MAX = 4;
const REASONS_NAMED_MAX = 2;

export function checkView(record: RunRecord): CheckView {
  const isRoutine = (check: CheckRecord) => check.kind === 'correctness' && check.verdict === 'pass';
  const shown = record.checks
    .filter((check) => !isRoutine(check))
    .sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const routine = record.checks.filter(isRoutine);
  return {
    sentence: sentenceOf(record.checks),
    table: checkTable(
      'What the scenario asks for; a missed service level fails a run with --strict only',
      shown,
    ),
    passed: routine.length > 0 ? checkTable(`${routine.length} correctness checks that hold`, routine) : null,
  };
}

function checkTable(caption: string, checks: CheckRecord[]): TableView {
  const values = alignDecimals(checks.map((check) => threeDigits(check.value ?? Number.NaN)));
  const limits = alignDecimals(checks.map((check) => threeDigits(check.limit)));
  return tableView({
    caption,
    // The verdict in front of what may be cut off on a narrow window.
    columns: ['Check', '~Verdict', '#Value', '#Limit', '~Expected', 'Case', 'Kind'],
    rows: checks.map((check, index) => [
      check.id,
      {
        text: WORDS[check.verdict],
        state: check.verdict satisfies CellState,
        ...(check.reason ? { detail: check.reason } : {}),
      },
      check.value === null ? { text: NOT_AVAILABLE, state: 'muted' as const } : values[index]!,
      limits[index]!,
      check.expression,
      check.case,
      check.kind,
    ]),
  });
}

function sentenceOf(checks: CheckRecord[]): string {
  if (checks.length === 0) {
    return 'The scenario states no checks, or the run ended before they were judged.';
  }
  const sentences = (['service-level', 'correctness'] as const).flatMap((kind) =>
    kindSentence(
      kind === 'correctness' ? 'correctness check' : 'service level',
      checks.filter((check) => check.kind === kind && check.verdict !== 'not-measurable'),
    ),
  );
  const open = checks.filter((check) => check.verdict === 'not-measurable');
  if (open.length > 0) {
    const reasons = [...new Set(open.map((check) => check.reason ?? 'no reason recorded'))];
    const why =
      reasons.length <= REASONS_NAMED_MAX
        ? `: ${reasons.join('; ')}`
        : `, for ${reasons.length} reasons that the table gives`;
    sentences.push(`${plural(open.length, 'check')} ${open.length === 1 ? 'is' : 'are'} not judged${why}.`);
  }
  return sentences.join(' ');
}

function kindSentence(noun: string, checks: CheckRecord[]): string[] {
  if (checks.length === 0) return [];
  const broken = checks.filter((check) => check.verdict !== 'pass');
  if (broken.length === 0) {
    return [checks.length === 1 ? `The one ${noun} holds.` : `All ${checks.length} ${noun}s hold.`];
  }
  const spelled = broken.slice(0, NAMED_MAX).map((check) => {
    const value = check.value === null ? NOT_AVAILABLE : threeDigits(check.value);
    return `${check.id} at ${check.case} (${value}, expected ${check.expression})`;
  });
  if (broken.length > NAMED_MAX) spelled.push(`${broken.length - NAMED_MAX} more`);
  const word = broken.some((check) => check.verdict === 'fail') ? 'failed' : 'missed';
  const held = checks.length - broken.length;
  return [`${held} of ${plural(checks.length, noun)} hold; ${word}: ${listInWords(spelled)}.`];
}
