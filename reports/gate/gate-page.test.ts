import { describe, expect, it } from 'vitest';
import { gatePageView } from './gate-page-view.js';
import { sampleEvidence, sampleHistory } from './testing/sample-beside.js';
import { ALL_METRICS, GATES, sampleGate, storedGate } from './testing/sample-gates.js';

/** Without the power curves, which cost seconds and have a test of their own. */
const pageOf = (input: Parameters<typeof gatePageView>[0]) => gatePageView(input, []);
const titles = (page: ReturnType<typeof pageOf>) => page.run.sections.map(({ title }) => title);

describe('the verdict of a gate in one sentence', () => {
  it.each([
    [
      'pass',
      'pass',
      /^Not slower by its limit in any of 7 gated metrics .*\(exit 0: pass\); bbbbbbbbbbbb with changes against aaaaaaaaaaaa \(merge base with main\), interleaved over \d+ invocations\.$/,
    ],
    ['faster', 'pass', /^Faster, and nowhere slower: .*throughput, closed loop −7\.\d\d\u202f%/],
    [
      'fail',
      'fail',
      /^Slower: .*throughput, closed loop \+\d\.\d\d\u202f%.*, above the limit of 5\u202f%, confirmed by 24 fresh invocations \(exit 3: regression\)/,
    ],
    [
      'noise',
      'inconclusive',
      /^Not decided: too noisy, the last look excludes neither .* \(exit 4: inconclusive\)/,
    ],
    ['control', 'inconclusive', /^Not decided: the base differs from itself/],
    ['drops', 'inconclusive', /^Not decided: \d+ of 360 blocks were dropped/],
    ['budget', 'inconclusive', /^Not decided: the time budget ended first/],
    ['disturbed', 'inconclusive', /^Not decided: 9 of 30|^Not decided: 18 of 30 blocks were dropped/],
    ['interrupted', 'interrupted', /^Interrupted before there was a verdict \(exit 130: interrupted\)/],
    [
      'correctness',
      'fail',
      /^A check failed, whatever the speed: \d+ messages lost by the candidate \(exit 6: a check failed\)/,
    ],
    ['died', 'fail', /^A check failed, whatever the speed: invocation 1: candidate was ended by SIGSEGV/],
    ['objections', 'inconclusive', /^Not decided: too noisy: the same 4 ms/],
  ] as const)('%s is %s', (name, tone, sentence) => {
    const page = pageOf(GATES[name]());
    expect(page.run.verdict).toMatchObject({ tone, sentence: expect.stringMatching(sentence) });
    expect(page.run.verdict.segments.map(({ text }) => text).join('')).toBe(page.run.verdict.sentence);
    expect(page.run.verdict.reasons.length).toBeGreaterThan(0);
    expect(titles(page)).toEqual(
      expect.arrayContaining(['Results', 'Validity', 'Machine and provenance', 'Methods']),
    );
  });

  it('of stored ratios says that nothing was interleaved', () => {
    const page = pageOf(storedGate());
    expect(page.run.verdict.sentence).toMatch(
      /^Slower than the stored runs \(exit 3: regression\); .* not interleaved/,
    );
    expect(titles(page)).toEqual(['Results', 'Methods']);
  });

  it('of files that are the same has no table and says why', () => {
    const page = pageOf(
      storedGate({
        verdict: 'pass',
        exitCode: 0,
        rows: [],
        reasons: ["the served files are identical to the base's"],
      }),
    );
    expect(page.run.verdict.sentence).toMatch(
      /^The served files are identical to the base's \(exit 0: pass\)/,
    );
    expect(titles(page)).toEqual(['Methods']);
  });
});

it('bears a case that is called like a property of every object', () => {
  const gate = GATES.budget();
  const text = JSON.stringify(gate).replaceAll('"case":"', '"case":"constructor","was":"');
  const page = pageOf(JSON.parse(text) as typeof gate);
  expect(JSON.stringify(page)).toContain('throughput, constructor');
});

describe('the sections of a gate', () => {
  const failed = pageOf({ ...GATES.fail(), history: sampleHistory(), evidence: sampleEvidence() });
  const section = (title: string) => failed.run.sections.find((each) => each.title === title)!;

  it('stand in the order of the questions', () => {
    expect(titles(failed)).toEqual([
      ...[
        'Results',
        'Ratios',
        'Windows',
        'Over time',
        'Decision',
        'Validity',
        'History',
        'Self-test evidence',
      ],
      ...['Machine and provenance', 'Methods'],
    ]);
  });

  it('begin with a table in which what is certain comes first and the mean last', () => {
    const [table] = section('Results').tables;
    const findings = table!.rows.map(({ cells }) => cells[1]!.text);
    const order = ['✕ slower', '▲ faster', '? inconclusive', '✓ pass', '· shown only'];
    const ranks = findings.map((text) => order.indexOf(text));
    expect(ranks[0]).toBe(0);
    expect(ranks.at(-1)).toBe(4);
    expect(table!.footer).toHaveLength(1);
    expect(table!.footer[0]!.cells[0]!.text).toBe('geometric mean of ratios');
  });

  it('have a chart with words for each canvas, and each canvas its chart', () => {
    const views = failed.run.sections.flatMap(({ figures }) => figures.flatMap(({ charts }) => charts));
    expect(views.map(({ id }) => id).sort()).toEqual(Object.keys(failed.charts).sort());
    for (const { figures, sentence: ofSection } of failed.run.sections) {
      for (const { table, charts, sentence } of figures) {
        expect(table.rows.length).toBeGreaterThan(0);
        for (const { label } of charts) expect(label).toContain(sentence ?? ofSection);
      }
    }
  });

  it('mark steps, another machine and promotions in the history', () => {
    const { figures, sentence } = section('History');
    expect(sentence).toMatch(
      /^40 gates so far: \d steps? of the level in 4 series, 1 change of the machine\.$/,
    );
    const chart = failed.charts[figures[0]!.charts[0]!.id]!;
    const labels = chart.rules!.map(({ label }) => label);
    expect(labels).toEqual(
      expect.arrayContaining([expect.stringMatching(/% slower$/), 'other machine', 'promoted: main']),
    );
    expect(JSON.stringify(figures[0]!.table)).toContain('other machine: Another processor');
    expect(figures[0]!.sentence).toContain(
      '; 1 failed gate, drawn as a diamond; 3 inconclusive ones, hollow',
    );
  });

  it('keep whole gates and replayed ones apart', () => {
    const { tables, notes, figures } = section('Self-test evidence');
    expect(tables.map(({ caption }) => caption.split(' ')[0])).toEqual([
      'Whole',
      'Gates',
      'What',
      'Invocations',
      'The',
    ]);
    const [whole, replayed] = tables;
    expect(whole!.columns.at(-1)!.label).toBe('Unfinished');
    expect(whole!.rows.map(({ cells }) => cells.at(-1)!.text)).toEqual(['0', '0', '1']);
    expect(replayed!.columns.map(({ label }) => label)).not.toContain('Unfinished');
    const [build] = tables.at(-1)!.rows;
    expect([build!.head, ...build!.cells].map(({ text }) => text)).toEqual([
      expect.stringMatching(/^e{12}/),
      expect.stringMatching(/^32 of four windows of 25\sms$/),
      '4',
      '960',
    ]);
    expect(notes).toEqual([
      '✓ holds: whole gates agree with the promise',
      '… not enough to say: no gate of builds that differ in layout alone',
    ]);
    expect(figures).toHaveLength(4);
  });

  it('show no evidence before there is any, and claim none', () => {
    const none = { ...sampleEvidence(), banks: [], series: [], power: [], findings: [] };
    expect(titles(pageOf({ ...GATES.objections(), evidence: none }))).not.toContain('Self-test evidence');
    const unsaid = pageOf({ ...GATES.objections(), evidence: { ...sampleEvidence(), findings: [] } });
    const section = unsaid.run.sections.find(({ title }) => title === 'Self-test evidence')!;
    expect(section.sentence).toMatch(/too little of it to say anything of the promise\.$/);
  });

  it('do without what was not measured', () => {
    const { verdict } = GATES.fail();
    const page = pageOf({ verdict, lines: [] });
    expect(titles(page)).toEqual([
      'Results',
      'Ratios',
      'Decision',
      'Validity',
      'Machine and provenance',
      'Methods',
    ]);
  });
});

describe('the power of a gate', () => {
  it('is drawn for its own noise, between what is promised at 0.7 L and at L', () => {
    const input = sampleGate({ header: { metrics: ALL_METRICS.slice(0, 1) } });
    const page = gatePageView(input);
    const chart = page.charts['gate-power-0']!;
    expect(chart.rules!.map(({ at, label }) => [at, label])).toEqual([
      [3.5, '≤ 1 %'],
      [5, '≥ 99 %'],
    ]);
    expect(chart.x.ticks.map(({ at }) => at)).toEqual([0, 2, 3, 3.5, 4, 4.5, 5, 6]);
    const table = page.run.sections.find(({ title }) => title === 'Power')!.figures[0]!.table;
    expect(table.rows[0]!.head.text).toBe('0\u202f%');
  });
});
