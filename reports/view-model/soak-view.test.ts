import { describe, expect, it } from 'vitest';
import { parseRecord } from '../record-file/read-record.js';
import { withoutRawSamples } from '../record-file/thin-record.js';
import { SOAK_GAP, soakFixture } from '../testing/soak-fixture.js';
import { leakClause } from './leak-words.js';
import { reportModel } from './report-view.js';
import { soakView } from './soak-view.js';

const record = soakFixture();
const view = soakView(record, record.soak!);
const { view: page, charts } = reportModel([record]);
const run = page.runs[0]!;
const section = run.sections.find(({ title }) => title === 'Over the hours')!;

describe('the page of a soak', () => {
  it('is made from a record that the format allows', () => {
    expect(parseRecord(JSON.stringify(record), 'record.json').soak?.gaps).toEqual([SOAK_GAP]);
  });

  it('says in its first sentence how long it worked, what leaks, and that nothing was lost', () => {
    expect(run.verdict.sentence).toBe(
      'stability-24h: native worked for 4\u202fh 0\u202fmin; leaks: JavaScript heap after collection at 1.03\u202fkB/s (too short to judge resident memory); no message lost; fail (exit 6)',
    );
    expect(run.verdict.cautions).toContain('A leak was planted on purpose (js), to see that it is found.');
  });

  it('shows the hours instead of rounds, and compares nothing', () => {
    const titles = run.sections.map(({ title }) => title);
    expect(titles).toEqual([
      'Checks',
      'Over the hours',
      'Throughput',
      'Latency',
      'Ledger',
      'Noise',
      'Resources',
      'Environment and provenance',
      'Methods',
      'Raw data',
    ]);
    expect(section.sentence).toContain('1 gap of 20\u202fmin 0\u202fs in all, hatched');
  });

  it('says of the least sensitive gauge what it would have shown', () => {
    expect(view.gauges.sentence).toBe(
      'Leaks: JavaScript heap after collection at 1.03\u202fkB/s (too short to judge resident memory); of 3 gauges judged the least sensitive, memory in use by malloc, would have shown a leak of 310\u202fB/s.',
    );
  });

  it('names the gauges that it was too short for instead of saying that nothing leaks', () => {
    const clean = soakFixture();
    const { soak } = clean;
    soak!.leaks.native![0]!.verdict = 'clean';
    // What was not judged would have shown nothing, however small a slope it could tell.
    soak!.leaks.native!.at(-1)!.detectableBytesPerSecond = 9000;
    const words = 'no gauge that could be judged leaks (too short to judge resident memory)';
    expect(leakClause(soak!)).toBe(words);
    expect(soakView(clean, soak!).gauges.sentence).toMatch(
      /^No gauge that .* memory\); of 3 gauges judged the .* malloc, would have shown a leak of 310\u202fB\/s\.$/,
    );
    expect(reportModel([clean]).view.runs[0]!.verdict.sentence).toContain(`; ${words}; no message lost`);
    soak!.leaks.native!.at(-1)!.verdict = 'clean';
    expect(leakClause(soak!)).toBe('no gauge leaks');
    for (const leak of soak!.leaks.native!) leak.verdict = 'too-short';
    expect(leakClause(soak!)).toBe('too short to find a leak');
  });

  it('has a row for each gauge and arm that there is, with its word', () => {
    const rows = view.gauges.table.rows.map(({ head, cells }) => [head.text, cells[0]!.text, cells[1]!.text]);
    expect(rows).toContainEqual(['JavaScript heap after collection', 'native', '✕ leak']);
    expect(rows).toContainEqual(['JavaScript heap after collection', 'baseline', '✓ clean']);
    expect(rows).toContainEqual(['resident memory', 'native', '○ too short to judge']);
    expect(rows.some(([gauge]) => gauge === 'pool slices lent')).toBe(false);
  });

  it('keeps its course in a table: lives and gaps', () => {
    const rows = view.course.rows.map(({ head, cells }) => [head.text, ...cells.map(({ text }) => text)]);
    expect(rows).toContainEqual([
      'gap',
      '1\u202fh 30\u202fmin',
      '20\u202fmin 0\u202fs',
      'the run was killed',
    ]);
    expect(rows).toHaveLength(3);
  });
});

describe('its charts', () => {
  const heap = charts[section.figures[0]!.charts[0]!.id]!;

  it('break lines at a gap, hatch it, and name each line once', () => {
    expect(heap.bands).toHaveLength(1);
    const { from, to } = heap.bands![0]!;
    expect(to).toBeGreaterThan(from);
    for (const { points, style } of heap.series) {
      if (style === 'dashed') continue;
      expect(points.some(([x]) => x > from + 0.5 && x < to - 0.5)).toBe(false);
      expect(points[0]![0] >= to || points.at(-1)![0] <= from + 0.5).toBe(true);
    }
    expect(heap.series.map(({ label }) => label).filter((label) => label !== '')).toEqual([
      'native',
      'baseline',
    ]);
  });

  it('draw the slope that was judged through what it was judged by', () => {
    const slope = heap.series.find(({ style, role }) => style === 'dashed' && role === 'native')!;
    const [[fromX, fromY], [toX, toY]] = slope.points as [[number, number], [number, number]];
    // Megabytes over cells, back into bytes a second.
    const bytes = ((toY - fromY) * 1e6) / ((toX - fromX) * heap.secondsPerX!);
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(1060);
  });

  it('mark the fault phases under them, on a time axis', () => {
    const strips = charts[section.figures[0]!.charts.at(-1)!.id]!;
    expect(strips.strips!.map(({ label, isPresence }) => [label, isPresence ?? false])).toEqual([
      ['slow readers', true],
      ['storm', true],
      ['steal', false],
      ['CPU pressure', false],
    ]);
    expect(strips.x.ticks.map(({ label }) => label)).toContain('3\u202fh');
    const inGap = Math.round(((SOAK_GAP.fromSeconds + 600) / (4 * 3600 + 1200)) * 240);
    for (const { values } of strips.strips!) expect(values[inGap]).toBeNull();
  });

  it('are the same shape when the record was thinned to be published', () => {
    const thin = withoutRawSamples(record);
    const { series } = thin.cases['tcp/load=mixed']!.arms.native!;
    expect(series.heapUsedBytes!.low).toHaveLength(series.heapUsedBytes!.atNs.length);
    const panels = soakView(thin, thin.soak!).gauges.panels;
    expect(panels.map(({ name }) => name)).toEqual(view.gauges.panels.map(({ name }) => name));
  });
});

it('says of a run that goes on that it does', () => {
  const going = soakFixture();
  Object.assign(going, { verdict: 'inconclusive', exitCode: 4 });
  going.soak!.running = true;
  const [current] = reportModel([going]).view.runs;
  expect(current!.verdict.sentence).toMatch(/^stability-24h: native has worked for .*; still running$/);
  expect(current!.sections[1]!.sentence).toMatch(/^At work for /);
});
