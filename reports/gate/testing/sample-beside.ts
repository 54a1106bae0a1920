import { parseHistory } from '../../../ci/history/history-line.js';
import { type HistoryView, historyView } from '../../../ci/history/history-view.js';
import { normalDeviate, seededRandom } from '../../testing/seeded-random.js';
import type { Evidence } from '../evidence-file.js';
import { HISTORY_POINTS_MAX } from '../history-section.js';
import { ALL_METRICS } from './sample-gates.js';

/** What may stand beside a gate on its page: a history with a step, another machine and a promotion; a self-test. */

const GATES = 40;
const STEP_AT = 24;
const MACHINE_AT = 34;

/** NDJSON, as `runs/history.ndjson` has it. */
export function sampleHistoryText(): string {
  const random = seededRandom(11);
  const lines: string[] = [];
  for (let gate = 0; gate < GATES; gate++) {
    const at = new Date(Date.UTC(2024, 0, 1 + gate, 12)).toISOString();
    for (const { case: caseName, metric, limitPercent, kind } of ALL_METRICS.slice(0, 4)) {
      const isRate = metric === 'throughput_ops_per_s';
      const level = (isRate ? 1.2e6 : 8_000) * (gate >= STEP_AT ? (isRate ? 0.93 : 1.07) : 1);
      const moved = level * (gate >= MACHINE_AT ? 1.2 : 1);
      const slowdown = gate === STEP_AT ? 7 : normalDeviate(random);
      const finding =
        kind === 'shown' ? 'shown' : gate === STEP_AT ? 'fail' : gate % 13 === 5 ? 'inconclusive' : 'pass';
      lines.push(
        JSON.stringify({
          ...{
            schema: 'msgtrans.gate-history/1',
            gate: `${at} 7`,
            at,
            branch: 'main',
            comparison: 'base-build',
          },
          candidate: { commit: gate.toString(16).padStart(40, '0'), dirty: false },
          base: { commit: 'a'.repeat(40), dirty: false, why: 'the first parent' },
          anchor: false,
          machine: {
            ...{ fingerprint: gate >= MACHINE_AT ? 'g' : 'f', cores: 2, kernel: '6.1.0', node: '20.17.0' },
            cpuModel: gate >= MACHINE_AT ? 'Another processor' : 'A processor',
          },
          ...{
            case: caseName,
            metric,
            unit: isRate ? 'operations/s' : 'ns',
            better: isRate ? 'higher' : 'lower',
          },
          valueBase: moved,
          valueCandidate: moved * Math.exp(0.01 * normalDeviate(random)),
          slowdownPercent: slowdown,
          interval95Percent: [slowdown - 1, slowdown + 1],
          limitPercent: kind === 'shown' ? null : limitPercent,
          finding,
          ...{ gateVerdict: finding === 'shown' ? 'pass' : finding, exitCode: finding === 'fail' ? 3 : 0 },
          ...{ invocations: 12, unitDeviationPercent: 1.2, minutes: 2 },
        }),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export function sampleHistory(name = 'main'): HistoryView {
  const promotion = {
    ...{ name, commit: 'c'.repeat(40), at: new Date(Date.UTC(2024, 0, 13)).toISOString() },
    acceptedRegression: null,
  };
  const lines = parseHistory(sampleHistoryText(), 'history.ndjson');
  type Promotions = Parameters<typeof historyView>[1];
  return historyView(lines, [promotion] as unknown as Promotions, { last: HISTORY_POINTS_MAX });
}

export function sampleEvidence(words = 'whole gates agree with the promise'): Evidence {
  const names = ALL_METRICS.filter(({ kind }) => kind === 'timed').map((each) => ({
    ...{
      name: `${each.case} ${each.metric}`,
      case: each.case,
      metric: each.metric,
      limitPercent: each.limitPercent,
    },
  }));
  const tally = (gates: number, fail: number) => ({
    ...{ gates, fail, pass: gates - fail, inconclusive: 0, invocationsMean: 21.5 },
    failShare95: [Math.max(0, fail / gates - 0.06), Math.min(1, fail / gates + 0.06)] as [number, number],
    passShare95: [Math.max(0, 1 - fail / gates - 0.06), Math.min(1, 1 - fail / gates + 0.06)] as [
      number,
      number,
    ],
  });
  const series = (kind: string, percent: number | null, fail: number): Evidence['series'][number] => ({
    ...{ kind, percent, stretches: 2 },
    invocations: { measured: 320, usable: 312, failed: 0, disturbed: 8 },
    metrics: names.slice(0, 2).map(({ name }, index) => ({
      ...{ name, targeted: percent !== null && index === 0, slowdownPercent: percent ?? 0.1 },
      ...{ interval95: [(percent ?? 0.1) - 0.3, (percent ?? 0.1) + 0.3], deviationPercent: 1.4 },
      control: { invocations: 78, slowdownPercent: 0.05, interval95: [-0.4, 0.5], deviationPercent: 1.5 },
    })),
    drops: { blocks: 9_000, dropped: 210, causes: { steal: 200, 'foreign-cpu': 10 } },
    ledger: { sent: 1e9, delivered: 1e9, lost: 0, duplicated: 0, corrupted: 0 },
    wholeGates: tally(12, fail),
    unfinishedGates: percent === 5 ? 1 : 0,
    replayedGates: [{ ...tally(300, fail * 25), metric: names[0]!.name, slowdownPercent: percent ?? 0 }],
  });
  return {
    schema: 'msgtrans.gate-evidence/1',
    seed: 1,
    banks: [{ file: 'bank-1.ndjson', sha256: 'd'.repeat(64), stretches: 4, invocations: 960 }],
    machines: [
      {
        ...{
          fingerprint: 'f',
          cpuModel: 'A processor',
          cores: 2,
          kernel: '6.1.0',
          node: '20.17.0',
          stretches: 4,
        },
        aluNoisePercent: [6, 21],
      },
    ],
    builds: [
      {
        ...{ commit: 'e'.repeat(40), dirty: true, blocks: 32, windowMs: 25 },
        ...{ stretches: 4, invocations: 960 },
      },
    ],
    metrics: names,
    series: [series('aa', null, 0), series('spin', 3.5, 0), series('spin', 5, 12)],
    power: names.map(({ name, limitPercent }) => ({
      ...{ metric: name, invocations: 612, stretches: 2 },
      points: [0, 0.4, 0.6, 0.7, 0.8, 0.9, 1, 1.2].map((share) => {
        const fail = share < 0.75 ? 0 : share < 0.85 ? 120 : share < 0.95 ? 290 : 300;
        return {
          ...{ slowdownPercent: share * limitPercent, gates: 300, fail, pass: 300 - fail, inconclusive: 0 },
          failShare95: [Math.max(0, fail / 300 - 0.05), Math.min(1, fail / 300 + 0.05)] as [number, number],
          invocationsMean: 20 + 60 * share,
        };
      }),
    })),
    wanted: [
      { kind: 'aa', percent: null, invocations: 600, usable: 612, missing: 0 },
      { kind: 'neutral', percent: null, invocations: 150, usable: 0, missing: 150 },
    ],
    findings: [
      { holds: true, sentence: words },
      { holds: null, sentence: 'no gate of builds that differ in layout alone' },
    ],
  };
}
