import type { RunRecord } from '../../scenarios/harness/record.js';
import { threeDigits } from '../numbers/digits.js';
import { median } from '../numbers/order-statistics.js';
import { withUnit } from '../numbers/scale.js';
import { INTERVAL_ROUNDS_MIN } from './ratio-view.js';
import { isSuite } from './record-kind.js';
import { SCALING_TERMS } from './scaling-methods.js';
import { hasScaling } from './scaling-view.js';
import { soakMethods } from './soak-methods.js';
import { SUITE_TERMS } from './suite-methods.js';
import { roundsInWords } from './verdict-view.js';

export interface TermView {
  term: string;
  text: string;
}

export interface MethodsView {
  sentence: string;
  terms: TermView[];
}

/** What the words of the page mean, with this run's own figures in them. */
export function methodsView(record: RunRecord): MethodsView {
  if (record.soak !== undefined) return soakMethods(record.soak, scenarioMethods(record).terms);
  const view = scenarioMethods(record);
  if (hasScaling(record)) {
    const shared = ['Ratio', 'Interval', 'Not measurable here', 'Steal and pressure'];
    return {
      sentence: view.sentence.replace(
        'whose arms took turns',
        'which gave one thread and several their turn',
      ),
      terms: [...SCALING_TERMS, ...view.terms.filter(({ term }) => shared.includes(term))],
    };
  }
  if (!isSuite(record)) return view;
  const shared = ['Block', 'Ratio', 'Interval', 'Not measurable here', 'Steal and pressure'];
  return {
    sentence: view.sentence
      .replace('fresh processes', 'arms made anew')
      .replace('whose arms took turns', 'which took turns')
      .replace('load', 'work'),
    terms: [...SUITE_TERMS, ...view.terms.filter(({ term }) => shared.includes(term))],
  };
}

function scenarioMethods(record: RunRecord): MethodsView {
  const windowNs = median(record.windows.map((window) => window.endNs - window.startNs));
  const blocks = median(blocksPerRound(record));
  const rounds = roundsInWords(record);
  const windowText =
    windowNs === null ? '' : ` Here half of them took ${withUnit('time', windowNs)} or less.`;
  const blockText = blocks === null ? '' : ` Here a round has ${threeDigits(blocks)} blocks per case.`;
  return {
    sentence: `Every figure is a median over ${rounds} of fresh processes, whose arms took turns in short windows under the same load.`,
    terms: [
      {
        term: 'Arm',
        text: 'An implementation under test. All arms answer the same requests from the same load generator, which checks every reply.',
      },
      {
        term: 'Operation',
        text: 'One completed round trip, counted once; for one-way work one delivery, counted at the receiver. Bytes are payload bytes in one direction.',
      },
      {
        term: 'Window',
        text: `A short stretch in which one arm alone is measured, after the others have drained and the first milliseconds of its own load were discarded.${windowText}`,
      },
      {
        term: 'Block',
        text: `One window of each arm in a random order, then the same order mirrored, so that a steady drift of the machine cancels. A block is dropped whole, for all arms, and only for outside causes, never for its value.${blockText}`,
      },
      {
        term: 'Round',
        text: `Fresh processes for every arm, started in random order and all up together. Rounds are the unit of all statistics. Here an arm has figures of ${rounds}.`,
      },
      {
        term: 'Ratio',
        text: 'Our figure against another arm’s from the same rounds, turned so that above 1× is better whatever the metric: twice the throughput and half the cost are both 2×. The limit of 0.952× stands for 5 % slower.',
      },
      {
        term: 'Interval',
        text: `95 %, two-sided, by the bias-corrected and accelerated bootstrap over paired logarithms of the rounds’ ratios. Below ${INTERVAL_ROUNDS_MIN} rounds there is none, and the marker is hollow.`,
      },
      {
        term: 'Limit',
        text: 'The arm named limit is a single-threaded C++ server on bare epoll doing the same work: what the kernel can do on this machine, not a rival.',
      },
      {
        term: 'Latency',
        text: 'Service time counts from when a request was sent; response time, in open loop, from when it was meant to be sent. Percentiles of the two are of different requests. A percentile is shown only when at least ten samples lie beyond it. In closed loop the median latency is the throughput said again.',
      },
      {
        term: 'Generator-bound',
        text: 'The load generator used 90 % or more of its core: the throughput of that arm is the generator’s, and the marker is hollow.',
      },
      {
        term: 'Not measurable here',
        text: 'This machine cannot decide it; it neither passes nor fails and no figure is drawn for it.',
      },
      {
        term: 'Steal and pressure',
        text: 'Steal is processor time that the hypervisor gave to others. Pressure is the share of time in which some task waited for a processor (PSI). The noise figure is how far a fixed integer loop varied: (p95 − p5) ÷ median.',
      },
    ],
  };
}

function blocksPerRound(record: RunRecord): number[] {
  const counts = new Map<string, number>();
  for (const block of record.blocks) {
    const key = `${block.case}\n${block.round}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()];
}
