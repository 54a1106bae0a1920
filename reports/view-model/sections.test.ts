import { describe, expect, it } from 'vitest';
import { distributionChart } from '../charts/distribution-chart.js';
import { loadChart } from '../charts/load-chart.js';
import { pairedChart } from '../charts/paired-chart.js';
import { stripChart } from '../charts/timeline-chart.js';
import { withoutRawSamples } from '../record-file/thin-record.js';
import { ratesRun } from '../testing/rates-fixture.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings, openLoop, singleRound } from '../testing/record-variants.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import { distributionView } from './distribution-view.js';
import { causesInWords, dropCauses } from './drop-causes.js';
import { latencyView } from './latency-view.js';
import { loadView } from './load-view.js';
import { noiseView } from './noise-view.js';
import { pairedView } from './paired-view.js';
import { reportModel } from './report-view.js';
import { timelineView } from './timeline-view.js';

const record = fixtureRecord();

describe('distributions', () => {
  const view = distributionView(record);

  it('shows the spread of windows and every round of every arm, better to the right', () => {
    const [tcp] = view.cases;
    const native = tcp!.rows.find(({ arm }) => arm === 'native')!;
    expect(native.rounds).toHaveLength(10);
    expect(native.quantiles).toEqual([...native.quantiles!].sort((a, b) => a - b));
    const chart = distributionChart(tcp!);
    expect(chart.rows!.map(({ quantiles }) => quantiles?.length)).toEqual(tcp!.rows.map(() => 5));
    expect(chart.x.title).toContain('better is to the right');
    expect(chart.x.reversed).toBeUndefined();
    expect(tcp!.sentence).toMatch(
      /for native and from .* for baseline; 19 of 20 windows of native are better/,
    );
  });

  it('turns the axis round for latencies, of which less is better, where a schedule sets the rate', () => {
    const paced = structuredClone(record);
    for (const { parameters } of Object.values(paced.cases)) parameters.load = 'open';
    const [tcp] = distributionView(paced).cases;
    expect(tcp!.metric).toBe('latency_ns_p99');
    expect(distributionChart(tcp!).x).toMatchObject({
      reversed: true,
      title: expect.stringContaining('better is to the right'),
    });
  });

  it('draws rounds alone where there are too few windows for a twentieth, and nothing without either', () => {
    const short = fixtureRecord({ rounds: 3, blocksPerRound: 2 });
    const [tcp] = distributionView(short).cases;
    expect(tcp!.rows[0]!.quantiles).toBeNull();
    expect(tcp!.sentence).toContain('too few windows');
    expect(distributionView(fixtureRecord({ rounds: 1, blocksPerRound: 2 })).cases).toEqual([]);
  });

  it('says that strips are of thinned windows when they are', () => {
    expect(view.sentence).toContain('single windows');
    const short = { ...fixtureRecord({ rounds: 5, blocksPerRound: 6 }), windows: [] };
    expect(distributionView(short).sentence).toContain('single windows');
    const long = withoutRawSamples(fixtureRecord({ rounds: 10, blocksPerRound: 21 }));
    expect(distributionView(long).sentence).toContain('medians of adjacent windows');
    expect(distributionView(long).cases[0]!.sentence).toContain('the stretches of windows');
  });
});

describe('round by round', () => {
  const view = pairedView(record);

  it('has the ratio of every round in time order and a line at their median, per opponent', () => {
    const [tcp] = view.cases;
    const baseline = tcp!.lines.find(({ against }) => against === 'baseline')!;
    const comparison = record.comparisons.find(
      (row) =>
        row.case === 'tcp' &&
        row.metric === 'throughput_ops_per_s' &&
        row.arm === 'native' &&
        row.against === 'baseline',
    )!;
    expect(baseline.ratios).toEqual(comparison.rounds);
    const chart = pairedChart(tcp!, baseline);
    expect(chart.series[0]!.points.map(([x]) => x)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(chart.y.scale).toBe('log');
    expect(chart.rules!.at(-1)).toMatchObject({
      axis: 'y',
      label: expect.stringMatching(/^median 3\.\d\d×$/),
    });
  });

  it('counts the rounds in which each arm is ahead', () => {
    expect(view.cases[0]!.sentence).toContain('the baseline in 10 of 10 rounds');
    expect(view.sentence).toMatch(/^In \d+ of \d+ comparisons every round says the same/);
  });

  it('names rounds by the number they have in the record: a case may take part in every other one', () => {
    const sparse = structuredClone(record);
    for (const arm of Object.values(sparse.cases.tcp!.arms)) {
      for (const round of arm.rounds) round.round = 2 * round.round + 1;
    }
    for (const block of sparse.blocks) if (block.case === 'tcp') block.round = 2 * block.round + 1;
    // The third round of one arm failed.
    sparse.cases.tcp!.arms.baseline!.rounds.splice(2, 1);
    for (const row of sparse.comparisons) {
      if (row.case === 'tcp' && row.against === 'baseline') row.rounds!.splice(2, 1);
    }
    const [tcp] = pairedView(sparse).cases;
    const baseline = tcp!.lines.find(({ against }) => against === 'baseline')!;
    expect(baseline.rounds).toEqual([1, 3, 7, 9, 11, 13, 15, 17, 19]);
    const chart = pairedChart(tcp!, baseline);
    expect(chart.series[0]!.points.map(([x]) => x)).toEqual([2, 4, 8, 10, 12, 14, 16, 18, 20]);
    expect(chart.x.ticks.map(({ label }) => label)).toEqual('2 4 6 8 10 12 14 16 18 20'.split(' '));
    const labels = tcp!.table.columns.map(({ label }) => label);
    expect(labels.slice(-10, -7)).toEqual(['Round 2', 'Round 4', 'Round 6']);
    const cells = tcp!.table.rows.find(({ head }) => head.text === 'baseline')!.cells.slice(-10);
    expect(cells.map(({ text }) => text === 'n/a').indexOf(true)).toBe(2);
    const ticks = stripChart(timelineView(sparse).cases[0]!)!.x.ticks;
    expect(ticks.slice(0, 3).map(({ label }) => label)).toEqual(['round 2', 'round 4', 'round 6']);
  });

  it('leaves ratios out whose rounds nobody can tell', () => {
    const torn = structuredClone(record);
    for (const row of torn.comparisons) if (row.against === 'baseline') row.rounds!.pop();
    const against = pairedView(torn).cases.flatMap(({ lines }) => lines.map((line) => line.against));
    expect(new Set(against)).toEqual(new Set(['rival:node-net', 'limit']));
  });

  it('tells of a drift between the halves of a run', () => {
    const drifting = structuredClone(record);
    for (const row of drifting.comparisons)
      row.rounds = row.rounds?.map((ratio, index) => (index < 5 ? ratio : ratio * 0.8));
    expect(pairedView(drifting).cases[0]!.sentence).toMatch(
      /the second half of them \d+\u202f% worse than the first/,
    );
  });

  it('is left out of a page when no round has a ratio', () => {
    expect(pairedView(singleRound()).cases).toEqual([]);
    const { sections } = reportModel([singleRound()]).view.runs[0]!;
    expect(sections.map(({ title }) => title)).not.toContain('Round by round');
  });
});

describe('latency against rate', () => {
  it('joins the cases that differ in their rate alone and names what the arm bears', () => {
    const view = loadView(ratesRun());
    expect(view.families).toHaveLength(1);
    expect(view.sentence).toMatch(
      /^From 10\u202fk operations\/s to 90\u202fk operations\/s offered, the p99 of native goes from .*; it keeps up with every rate/,
    );
    const overloaded = view.families[0]!.table.rows.find(
      ({ head, cells }) => head.text === 'baseline' && cells[0]!.text === '90.0',
    )!;
    expect(overloaded.cells[1]).toMatchObject({ state: 'missed', detail: 'does not keep up' });
    const chart = loadChart(view.families[0]!);
    expect(chart.series.filter(({ style }) => style === 'line').map(({ label }) => label)).toEqual([
      'native, p99',
      'baseline, p99',
    ]);
    expect(chart.series.find(({ style }) => style === 'points')!.intervals).toHaveLength(3);
  });

  it('needs two rates of the same work', () => {
    const single = ratesRun();
    single.cases = Object.fromEntries(Object.entries(single.cases).slice(0, 1));
    expect(loadView(single).families).toEqual([]);
    const other = ratesRun();
    Object.values(other.cases).forEach(({ parameters }, index) => {
      parameters.sessions = index;
    });
    expect(loadView(other).families).toEqual([]);
    expect(loadView(record).families).toEqual([]);
  });
});

describe('service and response time', () => {
  it('stand side by side for ours and the baseline, and no share of one is called waiting', () => {
    const [tcp] = latencyView(openLoop()).cases;
    expect(tcp!.pair).toEqual(['native', 'baseline']);
    expect(tcp!.pairTable.rows.map(({ head }) => head.text)).toEqual(['native', 'baseline']);
    expect(tcp!.pairSentence).toMatch(
      /^Response time, .*, is \d\S+× service time at the median and \d\S+× at p99 for native and .* for baseline; .*different requests/,
    );
    const [native] = tcp!.pairTable.rows;
    for (const { text } of native!.cells) expect(text).toMatch(/^(\d+(\.\d+)?×|n\/a)$/);
  });

  it('are no pair where the load is closed', () => {
    expect(latencyView(record).cases[0]!.pair).toEqual([]);
  });
});

describe('dropped blocks', () => {
  it('are grouped by cause with the range of its figure', () => {
    const causes = dropCauses([
      { block: 3, reason: 'steal of 12.5 % (limit 10 %)' },
      { block: 4, reason: 'no reason recorded' },
      { block: 9, reason: 'steal of 10.1 % (limit 10 %)' },
    ]);
    expect(causesInWords(causes)).toBe(
      'a: steal of 10.1–12.5 % (limit 10 %) (2 blocks); b: no reason recorded (1 block)',
    );
  });

  it('are shaded with the letter of their cause, which the sentence explains', () => {
    const view = timelineView(record).cases.find(({ dropped }) => dropped.length > 0)!;
    expect(view.sentence).toContain('shaded, a: steal above 8 %');
    expect(stripChart(view)!.bands).toHaveLength(view.dropped.length);
    expect(
      noiseView(record).blocks.rows.some(({ cells }) => cells.at(-1)!.text.startsWith('steal above 8 %')),
    ).toBe(true);
  });

  it('takes a hostile reason for text', () => {
    const hostile = timelineView(hostileStrings()).cases.flatMap(({ causes }) => causes);
    for (const { text } of hostile) expect(text).toContain('<img src=x');
  });
});

describe('what a screen reader says of a chart', () => {
  it.each([
    ['a run', record],
    ['open loop', openLoop()],
    ['several rates', ratesRun()],
    ['threads', scalingRun()],
    ['a soak', soakFixture()],
  ])('holds the sentence that a reader sees beside it: %s', (_what, shown) => {
    const { sections } = reportModel([shown]).view.runs[0]!;
    const told = sections.flatMap(({ figures, sentence: ofSection }) =>
      figures.flatMap(({ charts, sentence }) =>
        charts.map(({ label }) => [label, sentence ?? ofSection] as const),
      ),
    );
    expect(told.length).toBeGreaterThan(3);
    for (const [label, sentence] of told) expect(label).toContain(sentence);
  });
});

describe('what the runtimes did', () => {
  it('stands in strips of its own unit, one per arm that tells it', () => {
    const told = structuredClone(record);
    const { series } = told.cases.tcp!.arms.native!;
    const throughput = series.throughput_ops_per_s!;
    series.gcPauseNs = {
      ...throughput,
      unit: 'ns',
      values: throughput.values.map((_, index) => (index === 0 ? 4e6 : 1e6)),
    };
    const [tcp] = timelineView(told).cases;
    const strip = stripChart(tcp!)!.strips!.find(({ label }) => label === 'GC, native')!;
    expect(strip).toMatchObject({ max: 4e6, maxText: '4.00\u202fms' });
    expect(strip.values).toHaveLength(tcp!.blockCount);
  });
});
