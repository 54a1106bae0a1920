import { DROPPED_SHARE_MAX } from '../../ci/gate/statistics/dropped-blocks.js';
import {
  DEFAULT_SPENDING,
  FRESH_ESTIMATE_ABOVE,
  PASS_BELOW,
  SUSPECT_ABOVE,
  SUSPECT_ESTIMATE_ABOVE,
} from '../../ci/gate/statistics/gate-plan.js';
import { threeDigits } from '../numbers/digits.js';
import { median } from '../numbers/order-statistics.js';
import type { MethodsView, TermView } from '../view-model/methods-view.js';
import { blocksOf, type MeasuredGate } from './measured-gate.js';

/** The algorithm in words, with this gate's own lengths where the raw lines have them. */
export function gateMethods(measured: MeasuredGate | null): MethodsView {
  return {
    sentence:
      'Both builds run in the same job, window next to window, in fresh processes, until it is clear: an absolute number of another minute cannot decide at a few per cent.',
    terms: [...measuringTerms(measured), ...DECIDING_TERMS],
  };
}

export const SUMMARY_METHODS: MethodsView = {
  sentence: 'Nothing was measured side by side in this gate.',
  terms: [
    {
      term: 'Stored ratios',
      text: 'Where no base can be built, the ratios of native to the baseline implementation in one run are held against those of stored runs on the same kind of machine, widened by the spread between these. Coarser by far: with fewer than five stored runs it only warns.',
    },
    {
      term: 'Identical files',
      text: 'Where base and candidate serve the same files there is nothing that could be measured, and the gate passes.',
    },
  ],
};

function measuringTerms(measured: MeasuredGate | null): TermView[] {
  return [
    {
      term: 'Invocation',
      text: 'Fresh processes of base and candidate, started in an order drawn by lot, warmed up until three windows agree within 3 % (at most 10 s). Every fourth one also runs the base a second time: the control.',
    },
    { term: 'Block', text: `${blockWords(measured)} A linear drift of the machine hits both arms alike.` },
    {
      term: 'Dropped',
      text: `A block is dropped whole, both arms, for what happened outside (steal, a quota, other programs, a suspended machine), never for its value. More than ${100 * DROPPED_SHARE_MAX} % dropped, or drops that depend on the arm, make the gate inconclusive.`,
    },
    {
      term: 'Unit',
      text: 'One number for an invocation: the median over its blocks of the mean log ratio, positive when the candidate is slower. Blocks of one pair of processes are no independent evidence, so they are not counted as such.',
    },
  ];
}

function blockWords(measured: MeasuredGate | null): string {
  const windows =
    measured?.invocations
      .slice(0, 1)
      .flatMap(({ line }) => Object.keys(line.cases).flatMap((name) => blocksOf(line, name)))
      .flatMap((block) => block.windows)
      .map(({ startNs, endNs }) => (endNs - startNs) / 1e6) ?? [];
  const length = median(windows);
  const count = measured === null ? '' : `${measured.header.blocks} in each invocation: `;
  return `${count === '' ? 'F' : `${count}f`}our windows${length === null ? '' : ` of ${threeDigits(length)} ms`} next to each other, ABBA or BAAB by lot; a window starts after the other arm has drained.`;
}

const { looks, confirmationInvocations, falseFailChance, falsePassChance } = DEFAULT_SPENDING;
const percentOf = (share: number) => `${Number((100 * share).toPrecision(3))} %`;

const DECIDING_TERMS: readonly TermView[] = [
  {
    term: 'Promise',
    text: `A slowdown of ${SUSPECT_ABOVE} L or less fails one gate in a hundred at most, one of the limit L or more fails 99 in a hundred; between them either answer is possible. Where the machine is too noisy for that, the answer is inconclusive, never a guess.`,
  },
  {
    term: 'Estimate and bounds',
    text: 'Hodges–Lehmann over the units; bounds by inverting Wilcoxon’s signed-rank test over the Walsh averages: exact, without chance. The 95 % intervals of this page are for its reader; what decides are the bounds of the looks.',
  },
  {
    term: 'Looks',
    text: `After ${looks.join(', ')} invocations, at levels that sum to ${percentOf(falseFailChance)} for failing wrongly and ${percentOf(falsePassChance)} for passing wrongly, over all looks and metrics together.`,
  },
  {
    term: 'Pass',
    text: `The upper bound is below ${PASS_BELOW} L, or at the last look below L, in every gated metric.`,
  },
  {
    term: 'Suspect, then fail',
    text: `Suspect: the lower bound is above ${SUSPECT_ABOVE} L, or at the last look the estimate above ${SUSPECT_ESTIMATE_ABOVE} L. ${confirmationInvocations} fresh invocations must then say more than ${FRESH_ESTIMATE_ABOVE} L, and all together have a lower bound above ${SUSPECT_ABOVE} L. Otherwise the gate is inconclusive.`,
  },
  {
    term: 'Counters',
    text: 'What is counted and is the same each time, such as copies and allocations per message, is decided by few invocations that must agree; what is counted and varies, such as system calls, is decided over the looks, like what is timed.',
  },
  {
    term: 'Control',
    text: `Base against base, by the same machinery. Where the base differs from itself by more than ${SUSPECT_ABOVE} L, and by more than noise explains, the gate is inconclusive.`,
  },
  {
    term: 'Power',
    text: 'Gates replayed from noise of the deviation that this gate’s invocations had, one metric shifted by a slowdown; normal noise knows no tails, so the curve is what can be hoped for.',
  },
];
