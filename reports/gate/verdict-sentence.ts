import type { GateSummary } from '../../ci/gate/output/gate-summary.js';
import type { GateVerdictFile, MetricLine } from '../../ci/gate/verdict/gate-verdict.js';
import { capitalised, listInWords, plural } from '../numbers/sentence.js';
import type { VerdictView } from '../view-model/verdict-view.js';
import {
  buildInWords,
  exitInWords,
  metricInWords,
  slowdownIntervalText,
  slowdownText,
} from './gate-words.js';
import type { MeasuredGate } from './measured-gate.js';

/** The top of the page: the verdict in one sentence that can be quoted, then why, then what to know besides. */

const BADGES: Record<GateVerdictFile['verdict'], string> = {
  pass: '✓ pass',
  fail: '✕ fail',
  inconclusive: '? inconclusive',
  interrupted: '‖ interrupted',
};

export function verdictOfGate(file: GateVerdictFile, measured: MeasuredGate | null): VerdictView {
  const compared =
    `${buildInWords(file.candidate)} against ${buildInWords(file.base)} (${file.base.why}), interleaved over ` +
    plural(file.invocations.used, 'invocation');
  return {
    tone: file.verdict,
    badge: BADGES[file.verdict],
    ...inPieces(
      [`${decision(file, measured)}`, ` (${exitInWords(file.exitCode)})`, `; ${compared}.`],
      [false, true, true],
    ),
    reasons: file.reasons,
    cautions: cautionsOf(file),
  };
}

/** Of a gate that compared stored ratios, or that had nothing to measure; its comparison says which. */
export function verdictOfSummary(summary: GateSummary): VerdictView {
  const { verdict, exitCode, comparison, reasons, notes } = summary;
  const words = {
    pass: reasons[0] ?? 'Nothing speaks against it',
    fail: exitCode === 6 ? 'A check failed, whatever the speed' : 'Slower than the stored runs',
    inconclusive: 'Not decided',
    interrupted: 'Interrupted before there was a verdict',
  }[verdict];
  return {
    tone: verdict,
    badge: BADGES[verdict],
    ...inPieces([capitalised(words), ` (${exitInWords(exitCode)})`, `; ${comparison}.`], [false, true, true]),
    reasons,
    cautions: notes,
  };
}

/** What a reader must know before the sections that have every figure. */
function cautionsOf({ drops, invocations, notes }: GateVerdictFile): string[] {
  const unused = invocations.measured - invocations.used;
  return [
    ...(drops.dropped === 0
      ? []
      : [`${drops.dropped} of ${drops.blocks} blocks were dropped for causes outside.`]),
    ...(unused === 0 ? [] : [`${plural(unused, 'invocation')} did not count.`]),
    ...notes,
  ];
}

function inPieces(texts: string[], quiet: boolean[]): Pick<VerdictView, 'sentence' | 'segments'> {
  return {
    sentence: texts.join(''),
    segments: texts.map((text, index) => ({ text, quiet: quiet[index] ?? false })),
  };
}

function decision(file: GateVerdictFile, measured: MeasuredGate | null): string {
  if (file.verdict === 'interrupted') return 'Interrupted before there was a verdict';
  if (file.exitCode === 6)
    return `A check failed, whatever the speed: ${file.reasons[0] ?? 'no reason recorded'}`;
  if (file.verdict === 'pass') return passed(file);
  if (file.verdict === 'fail') return failed(file);
  return `Not decided: ${whyUndecided(file, measured)}`;
}

function passed(file: GateVerdictFile): string {
  const faster = file.metrics.filter(({ state }) => state?.faster.finding === 'confirmed');
  const gated = file.metrics.filter(({ state }) => state !== null).length;
  if (faster.length > 0)
    return `Faster, and nowhere slower: ${listInWords(faster.map((line) => change(line, faster.length === 1)))}`;
  const limits = [...new Set(file.metrics.filter(({ state }) => state !== null).map(limitText))];
  return `Not slower by its limit in ${gated === 1 ? 'the gated metric' : `any of ${gated} gated metrics`} (${limits.join(', ')})`;
}

function failed(file: GateVerdictFile): string {
  const slower = file.metrics.filter(({ state }) => state?.slower.finding === 'confirmed');
  if (slower.length === 0) return `Slower: ${file.reasons[0] ?? 'no reason recorded'}`;
  const fresh = slower.flatMap(({ state }) => state?.slower.confirmation?.freshInvocations ?? []);
  const confirmed = fresh.length > 0 ? `, confirmed by ${fresh[0]} fresh invocations` : '';
  const limits = [...new Set(slower.map(limitText))];
  return `Slower: ${listInWords(slower.map((line) => change(line, slower.length === 1)))}, above the limit of ${listInWords(limits)}${confirmed}`;
}

/** With its interval where it is the only one: a headline is to be quoted. */
function change(line: MetricLine, isOnly: boolean): string {
  const interval =
    line.interval95Percent === null || !isOnly ? '' : ` ${slowdownIntervalText(line.interval95Percent)}`;
  return `${metricInWords(line)} ${slowdownText(line.slowdownPercent)}${interval}`;
}

function limitText({ limitPercent }: MetricLine): string {
  return `${limitPercent}\u202f%`;
}

/** What took the verdict away; the reasons below say it with every figure. */
function whyUndecided(file: GateVerdictFile, measured: MeasuredGate | null): string {
  if (file.invocations.measured === 0) return file.reasons[0] ?? 'nothing was measured';
  if (file.control.some(({ suspect }) => suspect)) {
    return 'the base differs from itself, so this machine shows differences that are not there';
  }
  if (file.drops.objection !== null) return file.drops.objection;
  if (measured?.end === 'budget') return 'the time budget ended first';
  const findings = file.metrics.flatMap(({ state }) => (state === null ? [] : [state.slower.finding]));
  if (findings.includes('open') || findings.includes('suspect')) return 'it ended before its next look';
  if (findings.includes('unconfirmed'))
    return 'a slowdown was suspected, and fresh invocations did not say it again';
  if (findings.includes('undecided'))
    return 'too noisy, the last look excludes neither a slowdown of the limit nor one well below it';
  return file.reasons[0] ?? 'no reason recorded';
}
