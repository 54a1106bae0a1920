import type { ComparisonRecord, RunRecord } from '../../scenarios/harness/record.js';
import { exactInteger, NOT_AVAILABLE } from '../numbers/digits.js';
import { secondsText } from '../numbers/moment.js';
import { greatest, least } from '../numbers/order-statistics.js';
import { ratioText, ratioWithInterval } from '../numbers/ratio.js';
import { listInWords, plural } from '../numbers/sentence.js';
import { againstInWords, armIdentity, compareArms, mainArm } from './arm-identity.js';
import { leakClause } from './leak-words.js';
import { isPacedThroughput, missingCases } from './ratio-view.js';
import { isSuite } from './record-kind.js';
import { isOverThreads, scalingView } from './scaling-view.js';

export type Tone = 'pass' | 'fail' | 'inconclusive' | 'interrupted';

export interface VerdictView {
  tone: Tone;
  /** Word and shape of the badge. */
  badge: string;
  /** The one sentence that a manager can quote. */
  sentence: string;
  /** The same sentence in pieces; intervals and case names step back so that the ratios are seen. */
  segments: { text: string; quiet: boolean }[];
  reasons: string[];
  /** Conditions under which the figures must be read, each a sentence. */
  cautions: string[];
}

const BADGES: Record<Tone, string> = {
  pass: '✓ pass',
  fail: '✕ fail',
  inconclusive: '? inconclusive',
  interrupted: '‖ interrupted',
};

/** Above this many cases the sentence gives the range instead of each. */
const CASES_SPELLED_MAX = 3;
const HEADLINE_METRICS = ['throughput_ops_per_s', 'throughput_bytes_per_s'];

export function verdictView(record: RunRecord): VerdictView {
  const tone: Tone = record.interrupted ? 'interrupted' : record.verdict;
  const parts = [
    scalingClause(record) ?? headline(record),
    lossClause(record),
    serviceClause(record),
    outcomeClause(record),
  ];
  const sentence = `${record.scenario}: ${parts.filter((part) => part !== '').join('; ')}`;
  return {
    tone,
    badge: BADGES[tone],
    sentence,
    segments: segmentsOf(sentence),
    reasons: record.reasons,
    cautions: cautionsOf(record),
  };
}

function segmentsOf(sentence: string): VerdictView['segments'] {
  return sentence
    .split(/(\[[^\]]*\](?: \([^)]*\))?)/)
    .map((text, index) => ({ text, quiet: index % 2 === 1 }))
    .filter(({ text }) => text !== '');
}

function headlineRatios(record: RunRecord, against: string): ComparisonRecord[] {
  const ours = mainArm(record);
  const caseOrder = Object.keys(record.cases);
  const metric = HEADLINE_METRICS.find((name) =>
    record.comparisons.some((row) => row.metric === name && row.arm === ours),
  );
  const judged = judgedCases(record);
  return record.comparisons
    .filter((row) => row.metric === metric && row.arm === ours && row.against === against)
    .filter((row) => judged.has(row.case) && !isPacedThroughput(record, row.case, row.metric))
    .sort((a, b) => caseOrder.indexOf(a.case) - caseOrder.indexOf(b.case));
}

/** The cases whose numbers the scenario asks for; all of them when it asks for none. */
function judgedCases(record: RunRecord): Set<string> {
  const asked = record.checks.filter(
    (check) => check.kind === 'service-level' && check.expression.includes('×'),
  );
  return new Set(asked.length > 0 ? asked.map((check) => check.case) : Object.keys(record.cases));
}

/** `21.4× the baseline [20.6, 22.3]`, per case when there are several, and the least and the greatest of many. */
function ratiosInWords(rows: ComparisonRecord[], words: string): string {
  if (rows.length === 1) {
    const { ratio, ci95 } = rows[0]!;
    const interval = ratioWithInterval(ratio, ci95).slice(ratioText(ratio).length);
    return `${ratioText(ratio)} ${words}${interval}`;
  }
  if (rows.length <= CASES_SPELLED_MAX) {
    const each = rows.map((row) => `${ratioWithInterval(row.ratio, row.ci95)} (${row.case})`);
    return `${listInWords(each)} ${words}`;
  }
  const sorted = [...rows].sort((a, b) => a.ratio - b.ratio);
  const [low, high] = [sorted[0]!, sorted.at(-1)!].map(({ ratio, ci95 }) => ratioWithInterval(ratio, ci95));
  return `${low} to ${high} ${words} over ${rows.length} cases`;
}

function headline(record: RunRecord): string {
  if (record.soak !== undefined) {
    const { running, measuredSeconds } = record.soak;
    const worked = `${running ? 'has worked' : 'worked'} for ${secondsText(measuredSeconds)}`;
    return `${armIdentity(mainArm(record)).label} ${worked}; ${leakClause(record.soak)}`;
  }
  const ours = armIdentity(mainArm(record)).label;
  const opponents = [...new Set(record.comparisons.map((row) => row.against))].sort(compareArms).reverse();
  const baseline = opponents.includes('baseline') ? 'baseline' : opponents.find((name) => name !== 'limit');
  const clauses: string[] = [];
  if (baseline !== undefined) {
    const rows = headlineRatios(record, baseline);
    if (rows.length > 0) clauses.push(ratiosInWords(rows, againstInWords(baseline)));
  }
  const limitRows = headlineRatios(record, 'limit');
  if (limitRows.length > 0) clauses.push(ratiosInWords(limitRows, `of ${againstInWords('limit')}`));
  if (clauses.length === 0) return `no throughput of ${ours} could be compared`;
  return `${ours} serves ${clauses.join(', and ')}`;
}

/** What is left of a page about scaling when it is one clause: native's efficiency on the most threads measured. */
function scalingClause(record: RunRecord): string | null {
  const clauses = (record.scaling ?? [])
    .filter(({ arm, points }) => arm === 'native' && points.length > 1)
    .map(({ work, points }) => {
      const { threads, value, ci95 } = points.at(-1)!;
      const interval = ci95 && ([ci95[0] / threads, ci95[1] / threads] as [number, number]);
      return `${ratioWithInterval(value / threads, interval)} (${work}, ${threads} threads)`;
    });
  return clauses.length === 0 ? null : `of what the processors bring, native gets ${listInWords(clauses)}`;
}

/** Numbers of threads that this machine has no cores for, in a sentence for each kind of work. */
function threadCautions(record: RunRecord): string[] {
  return scalingView(record).works.flatMap(({ title, arms, cores }) => {
    const beyond = arms[0]?.law.curve.at(-1);
    if (beyond === undefined) return [`${title}: not measurable here; the reason is in its table.`];
    return beyond.projected ? [`${title}: projected beyond ${cores} threads, up to ${beyond.threads}.`] : [];
  });
}

const LOSSES = ['lost', 'duplicated', 'reordered', 'corrupted'] as const;

function lossClause(record: RunRecord): string {
  const arms = Object.values(record.cases).flatMap((caseRecord) => Object.values(caseRecord.arms));
  const things = isSuite(record) ? 'results' : 'messages';
  if (arms.length === 0) return isSuite(record) ? 'nothing was measured' : 'no message was sent';
  const wrong = LOSSES.map((kind) => ({
    kind,
    total: arms.reduce((sum, arm) => sum + Math.abs(arm.ledger[kind]), 0),
  })).filter(({ total }) => total !== 0);
  if (wrong.length === 0) return isSuite(record) ? 'no wrong result' : 'no message lost';
  return `${listInWords(wrong.map(({ kind, total }) => `${exactInteger(total)} ${kind}`))} ${things}`;
}

function serviceClause(record: RunRecord): string {
  const judged = record.checks.filter(
    (check) => check.kind === 'service-level' && check.verdict !== 'not-measurable',
  );
  const missed = judged.filter((check) => check.verdict !== 'pass').length;
  if (judged.length === 0) return '';
  if (missed === 0) return `all ${plural(judged.length, 'service level')} met`;
  return `${missed} of ${plural(judged.length, 'service level')} missed`;
}

function outcomeClause(record: RunRecord): string {
  if (record.interrupted) return 'interrupted, so the figures are partial';
  if (record.soak?.running) return 'still running';
  if (record.verdict === 'fail') return `fail (exit ${record.exitCode})`;
  if (record.verdict === 'inconclusive') return 'inconclusive';
  return 'pass';
}

/** The most rounds that any arm completed. */
export function roundsOf(record: RunRecord): number {
  const arms = Object.values(record.cases).flatMap((caseRecord) => Object.values(caseRecord.arms));
  return Math.max(0, greatest(arms.map((arm) => arm.rounds.length)));
}

/** How many rounds the figures are of: "10 rounds", or "5 to 10 rounds" where an arm took part in fewer. */
export function roundsInWords(record: RunRecord, noun = 'round'): string {
  const arms = Object.values(record.cases).flatMap((caseRecord) => Object.values(caseRecord.arms));
  const most = roundsOf(record);
  const fewest = Math.min(most, least(arms.map((arm) => arm.rounds.length).filter((rounds) => rounds > 0)));
  return fewest === most ? plural(most, noun) : `${fewest} to ${plural(most, noun)}`;
}

function cautionsOf(record: RunRecord): string[] {
  const cautions: string[] = [];
  const rounds = roundsOf(record);
  if (record.interrupted && record.soak === undefined) {
    cautions.push(`The run was interrupted after ${plural(rounds, 'round')}; what it had measured is shown.`);
  }
  // The run usually says so itself, among its reasons.
  if (record.soak?.plant) {
    cautions.push(`A leak was planted on purpose (${record.soak.plant}), to see that it is found.`);
  }
  if (record.options.quick === true && !record.reasons.some((reason) => reason.includes('quick run'))) {
    cautions.push('A quick run: its numbers are shown and not judged.');
  }
  const bound = record.comparisons.filter((row) => row.mark === 'generator-bound');
  if (bound.length > 0) {
    const cases = listInWords([...new Set(bound.map((row) => row.case))]);
    cautions.push(
      `Generator-bound at ${cases}: the load generator used 90 % or more of its core, so these throughput ratios show the limit of the generator as much as that of the servers.`,
    );
  }
  for (const [caseName, caseRecord] of Object.entries(record.cases)) {
    for (const [arm, reason] of Object.entries(caseRecord.absentArms ?? {})) {
      cautions.push(`${armIdentity(arm).label} did not run at ${caseName}: ${reason}.`);
    }
  }
  cautions.push(...threadCautions(record));
  for (const entry of missingCases(record)) {
    if (isOverThreads(record.cases[entry.caseName]!)) continue;
    const word =
      entry.status === 'not-measurable'
        ? 'not measurable here'
        : entry.status.replace('not-run', 'not measured');
    cautions.push(`${entry.caseName} is ${word}: ${entry.reason}.`);
  }
  if (record.build.dirty)
    cautions.push('Built from a changed working tree: the commit alone does not name this code.');
  if (record.build.commit === null) cautions.push(`Commit ${NOT_AVAILABLE}: built outside a git checkout.`);
  return cautions;
}
