import type { ArmRecord, LedgerRecord, RunRecord } from '../../scenarios/harness/record.js';
import { exactInteger } from '../numbers/digits.js';
import { listInWords } from '../numbers/sentence.js';
import { armIdentity } from './arm-identity.js';
import { isSuite } from './record-kind.js';
import { type CellInput, type TableView, tableView } from './table-view.js';
import { armsOf } from './throughput-view.js';

export interface LedgerView {
  sentence: string;
  table: TableView;
}

const MUST_BE_ZERO = ['lost', 'duplicated', 'reordered', 'corrupted'] as const;
const COLUMNS: [keyof LedgerRecord, string][] = [
  ['sent', 'Sent'],
  ['delivered', 'Delivered'],
  ['droppedCounted', 'Dropped by policy'],
  ['unacknowledgedAtClose', 'Unacknowledged at close'],
  ['lost', 'Lost'],
  ['duplicated', 'Duplicated'],
  ['reordered', 'Reordered'],
  ['corrupted', 'Corrupted'],
];

export function ledgerView(record: RunRecord): LedgerView {
  const entries = Object.entries(record.cases).flatMap(([caseName, caseRecord]) =>
    armsOf(caseRecord).map(([arm, armRecord]) => ({ caseName, arm, ledger: armRecord.ledger, armRecord })),
  );
  const sum = (key: keyof LedgerRecord) => entries.reduce((total, { ledger }) => total + ledger[key], 0);
  const wrong = entries.flatMap(({ caseName, arm, ledger }) =>
    MUST_BE_ZERO.filter((key) => ledger[key] !== 0).map(
      (key) => `${exactInteger(ledger[key])} ${key} in ${armIdentity(arm).label} at ${caseName}`,
    ),
  );
  const sent = exactInteger(sum('sent'));
  const account = `${exactInteger(sum('delivered'))} were delivered, ${exactInteger(sum('droppedCounted'))} dropped by policy and ${exactInteger(sum('unacknowledgedAtClose'))} unacknowledged at close`;
  const sentence = isSuite(record)
    ? `Of ${sent} operations over all arms, warm-up included, ${wrong.length === 0 ? 'none had a wrong result' : `✕ ${listInWords(wrong)}`}.`
    : entries.length === 0
      ? 'Nothing was sent, so there is nothing to account for.'
      : wrong.length === 0
        ? `Of ${sent} messages sent over all arms, warm-up included, ${account}; none was lost, duplicated, reordered or corrupted.`
        : `Of ${sent} messages sent over all arms, ${account}; ✕ ${listInWords(wrong)}.`;
  return {
    sentence,
    table: tableView({
      caption: 'Every message accounted for, warm-up included',
      columns: ['Case', 'Arm', ...COLUMNS.map(([, label]) => `#${label}`), '#Errors', '#Least per session'],
      rows: entries.map(({ caseName, arm, ledger, armRecord }): CellInput[] => [
        caseName,
        armIdentity(arm).label,
        ...COLUMNS.map(([key]): CellInput => {
          const bad = (MUST_BE_ZERO as readonly string[]).includes(key) && ledger[key] !== 0;
          const text = exactInteger(ledger[key]);
          return bad ? { text: `✕ ${text}`, state: 'fail', sort: text } : text;
        }),
        errorCell(armRecord),
        exactInteger(armRecord.messagesPerSessionMin ?? Number.NaN),
      ]),
    }),
  };
}

function errorCell(arm: ArmRecord): CellInput {
  const errors = arm.errors ?? [];
  const [first] = errors;
  if (first === undefined) return '0';
  return {
    text: `✕ ${errors.length}`,
    detail: `round ${first.round + 1}: ${first.code}`,
    state: 'fail',
    sort: String(errors.length),
  };
}
