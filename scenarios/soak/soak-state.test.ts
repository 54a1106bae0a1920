import * as hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import type { CheckpointEntry, LifeEntry } from './checkpoint-entry.js';
import { SoakState } from './soak-state.js';
import { armCheckpoint } from './testing/sample-checkpoints.js';

const NONE = { lost: 0, duplicated: 0, reordered: 0, corrupted: 0 };

function life(number: number, atSeconds: number): LifeEntry {
  return { kind: 'life', sequence: 0, life: number, atSeconds, startedAt: '2026-01-01T00:00:00.000Z' };
}

function checkpoint(
  atSeconds: number,
  arm = armCheckpoint(),
  changes: Partial<CheckpointEntry> = {},
): CheckpointEntry {
  return {
    kind: 'checkpoint',
    sequence: 0,
    life: 0,
    atSeconds,
    seconds: 60,
    writtenAt: '2026-01-01T00:01:00.000Z',
    phases: [],
    stealPercent: 1,
    psiCpuSome: 0.2,
    arms: { native: arm },
    ...changes,
  };
}

function latencyOf(valueNs: number): string {
  const histogram = hdr.build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
  histogram.recordValueWithCount(valueNs, 10);
  return hdr.encodeIntoCompressedBase64(histogram);
}

describe('the ledger', () => {
  it('takes what is in flight neither for delivered nor for lost', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    state.apply(checkpoint(60));
    expect(state.arm('native').ledger).toEqual({
      ...NONE,
      sent: 1000,
      delivered: 1000,
      droppedCounted: 0,
      unacknowledgedAtClose: 0,
    });
    expect(state.arm('native').inFlight).toBe(10);
  });

  it('adds up the lives; what a killed one had in flight was cut off', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    state.apply(checkpoint(60, armCheckpoint({ cut: 3 })));
    state.apply(life(1, 90));
    const counts = { ...NONE, sent: 500, delivered: 497, unacknowledgedAtClose: 3 };
    state.apply(checkpoint(150, armCheckpoint({ counts, inFlight: 0, cut: 1 })));
    const native = state.arm('native');
    expect(native.ledger).toEqual({
      ...NONE,
      sent: 1510,
      delivered: 1497,
      droppedCounted: 0,
      unacknowledgedAtClose: 13,
    });
    // The scenario cut four, the kill all twenty that were open.
    expect(native.cut).toBe(24);
  });

  it('loses nothing silently: what was sent and is nowhere is lost', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    const counts = { ...NONE, sent: 1010, delivered: 990, unacknowledgedAtClose: 2 };
    const intake = { received: 0, lost: 0, duplicated: 1, reordered: 2, corrupted: 3 };
    state.apply(checkpoint(60, armCheckpoint({ counts, intake, dropped: 1 })));
    expect(state.arm('native').ledger).toMatchObject({ lost: 7, duplicated: 1, reordered: 2, corrupted: 3 });
  });
});

describe('time', () => {
  it('has a gap between a kill and its resumption, and counts only work', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    state.apply(checkpoint(60));
    state.apply(life(1, 400));
    state.apply(checkpoint(460));
    expect(state.gaps).toEqual([{ fromSeconds: 60, toSeconds: 400, reason: 'the run was killed' }]);
    expect([state.measuredSeconds, state.atSeconds, state.checkpoints]).toEqual([120, 460, 2]);
    expect(state.lives).toEqual([
      { startSeconds: 0, endSeconds: 60 },
      { startSeconds: 400, endSeconds: 460 },
    ]);
    expect(state.arm('native').lives).toHaveLength(2);
  });

  it('says that an interrupted run was interrupted', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    state.apply(checkpoint(60));
    state.apply({ kind: 'end', sequence: 0, atSeconds: 60, reason: 'interrupted', message: null });
    state.apply(life(1, 70));
    expect(state.gaps[0].reason).toBe('the run was interrupted');
    expect(state.end).toBeNull();
  });

  it('joins a phase that goes on over checkpoints, and keeps a bounded number', () => {
    const state = new SoakState(['native']);
    state.apply(life(0, 0));
    const storm = (fromSeconds: number, toSeconds: number) => ({ kind: 'storm', fromSeconds, toSeconds });
    state.apply(checkpoint(60, armCheckpoint(), { phases: [storm(50, 60)] }));
    state.apply(checkpoint(120, armCheckpoint(), { phases: [storm(60, 70), storm(100, 120)] }));
    expect(state.phases).toEqual([storm(50, 70), storm(100, 120)]);
    for (let index = 0; index < 2000; index++) {
      state.apply(checkpoint(200 + index, armCheckpoint(), { phases: [storm(index * 10, index * 10 + 5)] }));
    }
    expect(state.phases.length).toBeLessThanOrEqual(1440);
    expect(state.pressure.points.length).toBeLessThanOrEqual(1440);
    expect(state.arm('native').flow.points.length).toBeLessThanOrEqual(1440);
  });
});

it('sums histograms and keeps the percentiles of each checkpoint', () => {
  const state = new SoakState(['native']);
  state.apply(life(0, 0));
  for (const valueNs of [1_000, 9_000]) {
    state.apply(checkpoint(60, armCheckpoint({ latency: latencyOf(valueNs), latencySamples: 10 })));
  }
  const { histogram, flow } = state.arm('native');
  expect(histogram.totalCount).toBe(20);
  const medians = flow.points.map(({ last }) => last.latency_ns_p50 as number);
  expect(medians[0]).toBeCloseTo(1_000, -2);
  expect(medians[1]).toBeCloseTo(9_000, -2);
  expect(flow.points[0].last.throughput_ops_per_s).toBeCloseTo(1000 / 60, 9);
});

it('refuses an arm that the scenario does not have', () => {
  const state = new SoakState(['native']);
  state.apply(life(0, 0));
  expect(() => state.apply(checkpoint(60, armCheckpoint(), { arms: { other: armCheckpoint() } }))).toThrow(
    /an arm other that this scenario has not/,
  );
});
