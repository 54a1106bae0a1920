import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings, notMeasurable, openLoop } from '../testing/record-variants.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import type { ScenarioHeading } from './scenario-headings.js';
import { standingMarkdown } from './standing-markdown.js';
import { standingPage } from './standing-page.js';
import { type StandingSection, standingView } from './standing-view.js';

function heading(name: string, changes: Partial<ScenarioHeading> = {}): ScenarioHeading {
  return { name, title: `About ${name}`, announced: `announced of ${name}`, soakSeconds: null, ...changes };
}

function sectionOf(record: RunRecord, changes: Partial<ScenarioHeading> = {}): StandingSection {
  const view = standingView([{ folder: record.scenario, record }], [heading(record.scenario, changes)]);
  return view.scenarios[0]!;
}

/** A section's rows as texts by column. */
function rowsOf({ table }: StandingSection): Record<string, string>[] {
  const labels = table!.columns.map(({ label }) => label);
  return table!.rows.map(({ head, cells }) =>
    Object.fromEntries(
      [head, ...cells].map(({ text, detail }, index) => [
        labels[index],
        [text, detail ?? ''].join(' ').trim(),
      ]),
    ),
  );
}

const record = fixtureRecord({ rounds: 6, blocksPerRound: 5 });

describe('the standing of a scenario', () => {
  it('has a row for each number it asks for, every arm’s figure, ratio, target and word', () => {
    const rows = rowsOf(sectionOf(record));
    expect(rows).toHaveLength(9);
    const native = record.cases.tcp!.arms.native!.metrics.throughput_ops_per_s!;
    expect(rows[0]).toMatchObject({
      Work: 'tcp, 1000 sessions, payloads of 64 B, 1 in flight each tcp'.replace('tcp,', 'TCP,'),
      Metric: 'throughput k ops/s',
      native: expect.stringContaining((native.value / 1e3).toPrecision(3)),
      baseline: expect.stringMatching(/^\d+\.\d \[[\d.]+, [\d.]+\]$/),
      'node-net': expect.stringMatching(/^\d+\.\d \[/),
      limit: expect.stringMatching(/^\d+ \[|^\d+\.\d \[/),
      'Ratio, interval': expect.stringMatching(/^3\.\d\d× \[.*\] baseline$/),
      Target: '≥ 3× baseline',
      Standing: '✓ reached',
    });
  });

  it('speaks of a cost as the target does, ours ÷ theirs', () => {
    const changed = structuredClone(record);
    const check = changed.checks.find(
      ({ case: name, expression }) => name === 'tcp' && expression.startsWith('cpu'),
    )!;
    Object.assign(check, {
      expression: 'cpu_ns_per_op: native against limit ≤ 1.15× the cost',
      limit: 1.15,
      verdict: 'missed',
    });
    for (const row of changed.comparisons) {
      if (row.metric === 'cpu_ns_per_op' && row.against === 'limit')
        Object.assign(row, { ratio: 0.5, ci95: [0.4, 0.8] });
    }
    const row = rowsOf(sectionOf(changed)).find(({ Target }) => Target === '≤ 1.15× the cost of limit')!;
    expect(row['Ratio, interval']).toBe('2.00× [1.25, 2.50] the cost of limit');
    expect(row.Standing).toBe('△ missed');
    // The interval upside down holds what the interval itself does not.
    for (const each of changed.comparisons) if (each.metric === 'cpu_ns_per_op') each.ci95 = [0.4, 0.95];
    const wider = rowsOf(sectionOf(changed)).find(({ Target }) => Target === '≤ 1.15× the cost of limit')!;
    expect(wider.Standing).toMatch(/^\? inconclusive the median misses it/);
  });

  it('shows what a case measured that asks for nothing: on a schedule, the latency', () => {
    const open = openLoop();
    const [name] = Object.keys(open.cases).slice(-1);
    open.checks = open.checks.filter((check) => check.case !== name);
    open.cases[name!]!.parameters.load = 'open';
    const row = rowsOf(sectionOf(open)).at(-1)!;
    expect(row).toMatchObject({
      Target: 'none',
      Standing: 'no target',
      Metric: expect.stringMatching(/^latency p99/),
    });
  });

  it('gives a reason wherever a figure is missing', () => {
    const rows = rowsOf(sectionOf(notMeasurable()));
    const last = rows.at(-1)!;
    expect(last.Standing).toBe('○ not measurable here 16 reactors need 33 cores, this machine has 2');
    expect(last.native).toBe('n/a 16 reactors need 33 cores, this machine has 2');
    const absent = structuredClone(record);
    delete absent.cases.tcp!.arms['rival:node-net'];
    absent.cases.tcp!.absentArms = { 'rival:node-net': 'not installed here' };
    expect(rowsOf(sectionOf(absent))[0]!['node-net']).toBe('n/a not installed here');
    for (const row of [...rows, ...rowsOf(sectionOf(scalingRun()))]) {
      // Of a case that was not measured the reason stands once, at the end of the row.
      const isBare = Object.values(row).some((text) => text === 'n/a' || text === '');
      if (isBare) expect(row.Standing).toMatch(/^○ not measurable here .*cores/);
    }
  });

  it('says in the caption which usual arms the scenario does not have', () => {
    expect(sectionOf(record).table!.caption).toContain('no arm of it: message-port');
  });

  it('takes what was announced from the record, and from the scenario’s file where the record lacks it', () => {
    expect(sectionOf(record).announced).toBe('announced of concurrent-1k');
    expect(sectionOf({ ...record, announced: 'as it was announced then' }).announced).toBe(
      'as it was announced then',
    );
  });

  it('is without figures before there is a record', () => {
    const view = standingView([], [heading('order-flow')]);
    expect(view.scenarios[0]).toMatchObject({
      sentence: 'No record yet.',
      table: null,
      announced: 'announced of order-flow',
    });
    expect(view.summary[0]).toMatchObject({ reportHref: null, standing: { text: 'no record yet' } });
    expect(view.lead).toContain('nothing is published yet');
  });

  it('shows the record that is published under the scenario’s own name, and links the others', () => {
    const older = { ...record, startedAt: '2026-01-02T00:00:00.000Z' };
    const view = standingView(
      [
        { folder: 'a-first-one', record: older },
        { folder: 'concurrent-1k', record },
      ],
      [heading('concurrent-1k')],
    );
    expect(view.scenarios[0]!.sentence).toMatch(/^Measured on 2026-03-14/);
    expect(view.scenarios[0]!.reports).toEqual([
      { href: 'concurrent-1k/report.html', text: 'report' },
      { href: 'a-first-one/report.html', text: 'another record, of 2026-01-02: a-first-one' },
    ]);
    expect(view.lead).toMatch(/taken on Intel.* 2 cores, .*: concurrent-1k on 2026-03-14\.$/);
  });

  it('says that correctness failed, whatever the numbers', () => {
    const broken = structuredClone(record);
    broken.checks.find(({ kind }) => kind === 'correctness')!.verdict = 'fail';
    expect(sectionOf(broken).sentence).toMatch(/1 of \d+ correctness checks failed/);
  });

  it('does not let a number stand as reached in the summary where correctness failed', () => {
    const broken = structuredClone(record);
    broken.checks.find(({ kind }) => kind === 'correctness')!.verdict = 'fail';
    const records = [{ folder: 'concurrent-1k', record: broken }];
    const [line] = standingView(records, [heading('concurrent-1k')]).summary;
    expect(line!.standing).toMatchObject({ text: '✕ failed', state: 'fail' });
  });

  it('says that a run was interrupted', () => {
    const { sentence } = sectionOf({ ...record, interrupted: true });
    expect(sentence).toMatch(/ It was interrupted before its end\.$/);
    expect(sectionOf(record).sentence).not.toContain('interrupted');
  });
});

describe('the standing of a soak', () => {
  it('is how long it worked, what it delivered and whether it leaks', () => {
    const rows = rowsOf(sectionOf(soakFixture(), { soakSeconds: 86_400 }));
    expect(rows.map(({ Metric }) => Metric)).toEqual(['worked', 'messages delivered', 'leaks']);
    expect(rows[0]).toMatchObject({
      native: '4\u202fh 0\u202fmin 1 gap, planted leak: js',
      Target: '24\u202fh 0\u202fmin',
      Standing: '? inconclusive a shorter run than the scenario asks for',
    });
    expect(rows[1]!.native).toMatch(/ 0 lost, duplicated, reordered or corrupted$/);
    expect(rows[2]).toMatchObject({ native: expect.stringMatching(/^leaks: /), Standing: '△ missed' });
  });

  it('is reached by a run of the length asked for that leaks nowhere and loses nothing', () => {
    const soak = soakFixture();
    for (const leak of soak.soak!.leaks.native!) leak.verdict = 'clean';
    soak.checks = [
      {
        id: 'ledger-native',
        case: 'tcp/load=mixed',
        kind: 'correctness',
        expression: 'ledger',
        value: 0,
        limit: 0,
        verdict: 'pass',
        reason: null,
      },
    ];
    const words = () => rowsOf(sectionOf(soak, { soakSeconds: 4 * 3600 })).map(({ Standing }) => Standing);
    expect(words()).toEqual(['✓ reached', '✓ reached', '✓ reached']);
    soak.checks[0]!.verdict = 'fail';
    soak.soak!.leaks.native![0]!.verdict = 'too-short';
    expect(words()[1]).toMatch(/^△ missed/);
    expect(words()[2]).toMatch(/^\? inconclusive 1 of \d gauges not watched for long enough/);
  });
});

describe('the standing of a suite', () => {
  it('has the targets alone, with the arm they are about', () => {
    const suite = { ...record, scenario: 'suite:event-queue' };
    const view = standingView([{ folder: 'suite-event-queue', record: suite }], []);
    const rows = rowsOf(view.suites[0]!);
    expect(rows[0]).toMatchObject({
      Case: 'tcp',
      Against: expect.stringMatching(/^\d+\.\d baseline \[/),
      Target: '≥ 3× baseline',
    });
    const without = { ...suite, checks: [] };
    const [section] = standingView([{ folder: 'suite-event-queue', record: without }], []).suites;
    expect(section).toMatchObject({
      table: null,
      sentence: expect.stringContaining('no number is asked for'),
    });
  });
});

describe('the pages', () => {
  const view = standingView(
    [{ folder: 'concurrent-1k', record }],
    [heading('concurrent-1k'), heading('order-flow', { announced: null })],
  );

  it('say the same in Markdown and HTML, and the same every time', async () => {
    const markdown = standingMarkdown(view);
    const page = await standingPage(view);
    expect(standingMarkdown(view)).toBe(markdown);
    expect(await standingPage(view)).toBe(page);
    for (const row of rowsOf(view.scenarios[0]!)) {
      for (const text of [row.Target!, row.Metric!.split(' ')[0]!]) {
        expect(markdown).toContain(text);
        expect(page).toContain(text);
      }
    }
    expect(markdown).toContain('[report](concurrent-1k/report.html)');
    expect(page).toContain('href="concurrent-1k/report.html"');
    expect(page).not.toContain('<script');
  });

  it('let no name out of its cell', async () => {
    const hostile = { ...hostileStrings(), scenario: 'concurrent-1k' };
    const hostileView = standingView(
      [{ folder: 'concurrent-1k', record: hostile }],
      [heading('concurrent-1k')],
    );
    expect(standingMarkdown(hostileView).replaceAll(/<!-- Made by .* -->/g, '')).not.toMatch(
      /<(script|img|svg)/,
    );
    expect(await standingPage(hostileView)).not.toMatch(/<(script|img|svg)/);
  });
});
