import { describe, expect, it } from 'vitest';
import { withoutRawSamples } from '../record-file/thin-record.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { timelineView } from './timeline-view.js';

const record = fixtureRecord({ rounds: 3, blocksPerRound: 8 });

describe('timeline', () => {
  it('counts blocks, with a boundary at each round', () => {
    const view = timelineView(record).cases[0]!;
    expect(view.blockCount).toBe(24);
    expect(view.roundStarts).toEqual([
      { block: 0, round: 0 },
      { block: 8, round: 1 },
      { block: 16, round: 2 },
    ]);
  });

  it('puts each window into its own block', () => {
    const changed = structuredClone(record);
    const series = changed.cases.tcp!.arms.native!.series.throughput_ops_per_s!;
    const windows = changed.windows.filter((window) => window.case === 'tcp' && window.arm === 'native');
    series.values = windows.map((window) => (window.round === 1 && window.block === 3 ? 5 : 1));
    const line = timelineView(changed).cases[0]!.panels[0]!.lines.find(
      (candidate) => candidate.arm === 'native',
    )!;
    expect(line.points.filter((point) => point.y === 5)).toEqual([{ x: 11.5, y: 5 }]);
  });

  it('still draws a published record, which has no windows', () => {
    const full = timelineView(record).cases[0]!;
    const published = timelineView(withoutRawSamples(record, 24)).cases[0]!;
    expect(published.panels.map((panel) => panel.metric)).toEqual(full.panels.map((panel) => panel.metric));
    expect(published.panels[0]!.lines[0]!.points).toEqual(full.panels[0]!.lines[0]!.points);
  });

  it('leaves gaps where a window has no value', () => {
    const changed = structuredClone(record);
    const series = changed.cases.tcp!.arms.native!.series.latency_ns_p99!;
    series.values = series.values.map(() => null);
    const panel = timelineView(changed).cases[0]!.panels.find(
      (candidate) => candidate.metric === 'latency_ns_p99',
    )!;
    expect(panel.lines.map((line) => line.arm)).not.toContain('native');
  });

  it('lists dropped blocks with their reason and says how many are shaded', () => {
    const changed = structuredClone(record);
    for (const block of changed.blocks) Object.assign(block, { dropped: false, reason: null });
    Object.assign(changed.blocks[2]!, { dropped: true, reason: 'steal above 8 %' });
    const view = timelineView(changed).cases[0]!;
    expect(view.dropped).toEqual([{ block: 2, reason: 'steal above 8 %' }]);
    expect(view.sentence).toContain('1 dropped block of 24 shaded');
  });

  it('draws at most some hundred points however long the run', () => {
    const long = fixtureRecord({ rounds: 10, blocksPerRound: 60 });
    const line = timelineView(long).cases[0]!.panels[0]!.lines[0]!;
    expect(line.points.length).toBeLessThanOrEqual(240);
    expect(line.points.at(-1)!.x).toBeGreaterThan(590);
  });
});
