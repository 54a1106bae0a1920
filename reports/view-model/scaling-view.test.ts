import { describe, expect, it } from 'vitest';
import { efficiencyChart, speedupChart } from '../charts/scaling-chart.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { ratioView } from './ratio-view.js';
import { reportModel } from './report-view.js';
import { scalingView } from './scaling-view.js';
import type { TableView } from './table-view.js';
import { verdictView } from './verdict-view.js';

const record = scalingRun(2);
const view = scalingView(record);
const [lookup, memEcho, sockets] = view.works;

function rowsOf(table: TableView): string[][] {
  return table.rows.map(({ head, cells }) => [head.text, ...cells.map((cell) => cell.text)]);
}

describe('the section about scaling', () => {
  it('stands before the ratios, and only where threads were measured', () => {
    const titles = (run = record) => reportModel([run]).view.runs[0]!.sections.map(({ title }) => title);
    expect(titles().slice(0, 2)).toEqual(['Scaling', 'Ratios']);
    expect(titles()).not.toContain('Latency');
    expect(titles(fixtureRecord())).not.toContain('Scaling');
  });

  it('says what was measured, what is projected, and what is out of reach', () => {
    expect(view.sentence).toContain('Measured on the 2 cores of this machine');
    expect(view.sentence).toContain(
      'right of 2 threads, is projected by the Universal Scalability Law and no result',
    );
    expect(view.sentence).toContain('Echo over TCP, a reactor on each thread: not measurable here');
    expect(memEcho!.sentence).toMatch(
      /^native: 2 threads do 1\.91× the work of one, 0\.987× \[0\.975, 0\.999\] of what the processors alone bring; projected for 16: 11\.2× \[.*\]\.$/,
    );
    expect(sockets!.sentence).toContain('Not measurable here: 1 reactor needs 3 cores');
  });

  it('has a row for each arm and number of threads, and no measured figure where there is none', () => {
    const rows = rowsOf(lookup!.table);
    expect(rows.map(([arm, threads]) => `${arm} ${threads}`)).toEqual([
      ...['native 1', 'native 2', 'native 4', 'native 8', 'native 16'],
      ...['baseline 1', 'baseline 2', 'baseline 4', 'baseline 8', 'baseline 16'],
    ]);
    expect(rows[1]!.slice(2, 8)).toEqual(['● measured', '228', '1.93×', '1.94×', '0.996×', '[0.984, 1.01]']);
    // Measured columns are empty; the law's own column has what it says.
    expect(rows[4]!.slice(2)).toEqual([
      ...['○ projected', 'n/a', 'n/a', 'n/a', 'n/a', 'n/a', 'n/a', '14.4×'],
      expect.stringMatching(/^\[.*\]$/),
    ]);
    expect(rowsOf(sockets!.table)[0]!.slice(1, 3)).toEqual(['1', '○ not measurable here']);
  });

  it('tells that two numbers of threads leave the split open, and more do not', () => {
    expect(view.sentence).toContain('the band holds every split between the two');
    expect(rowsOf(view.laws!)[0]!.at(-1)).toContain('not the split');
    const eight = scalingView(scalingRun(8));
    expect(eight.sentence).not.toContain('split');
    expect(rowsOf(eight.laws!)[0]!.at(-1)).toBe('1, 2, 4 and 8 threads');
  });

  it('keeps projections out of ratios and judgement, and names them once among the cautions', () => {
    expect(ratioView(record).missing).toEqual([]);
    const verdict = verdictView(record);
    expect(verdict.sentence).toContain(
      'of what the processors bring, native gets 0.996× [0.984, 1.01] (lookup, 2 threads) and 0.987× [0.975, 0.999] (mem-echo, 2 threads)',
    );
    expect(verdict.cautions.filter((caution) => caution.includes('projected'))).toEqual([
      'Looking up sessions by id: projected beyond 2 threads, up to 16.',
      'Echo over mem:// between pairs of JavaScript threads: projected beyond 2 threads, up to 16.',
    ]);
  });
});

describe('the charts of scaling', () => {
  const chart = speedupChart(memEcho!)!;
  const series = (label: string, style: string) =>
    chart.series.find((line) => line.label === label && line.style === style);

  it('draws what was measured as points, and nothing but a dashed line in its band beyond the cores', () => {
    expect(series('native', 'points')!.points.map(([threads]) => threads)).toEqual([1, 2]);
    expect(series('native, by the clock', 'dots')!.points).toEqual([[2, 1.915]]);
    const projected = series('native, projected', 'dashed')!;
    expect(projected.points.map(([threads]) => threads)).toEqual([
      2,
      ...Array.from({ length: 14 }, (_, index) => index + 3),
    ]);
    const [, low, high] = projected.area!.at(-1)!;
    expect(low).toBeLessThan(projected.points.at(-1)![1]);
    expect(high).toBeGreaterThan(projected.points.at(-1)![1]);
    const beyond = chart.series.filter(
      ({ style, points }) => style !== 'dashed' && points.some(([threads]) => threads > 2),
    );
    expect(beyond.map(({ label }) => label)).toEqual(['ideal']);
  });

  it('has an ideal line, intervals through the points, and a rule at the cores of this machine', () => {
    expect(series('ideal', 'line')!.points).toEqual([
      [1, 1],
      [2, 2],
      [4, 4],
      [8, 8],
      [16, 16],
    ]);
    expect(series('native', 'points')!.intervals![1]).toEqual([1.95, 1.998]);
    expect(chart.rules).toEqual([{ axis: 'x', at: 2, label: '2 cores here', dashed: false }]);
  });

  it('divides by the number of threads in the second chart, with the share that is asked for', () => {
    const shares = efficiencyChart(memEcho!)!;
    const points = shares.series.find(({ style }) => style === 'points')!;
    expect(points.points).toEqual([
      [1, 1],
      [2, 0.987],
    ]);
    expect(shares.rules!.at(-1)).toMatchObject({ axis: 'y', at: 0.95, dashed: true });
    expect(shares.series.some(({ style }) => style === 'dots')).toBe(false);
  });

  it('draws nothing of work that could not be measured', () => {
    expect(speedupChart(sockets!)).toBeNull();
    expect(efficiencyChart(sockets!)).toBeNull();
  });
});
