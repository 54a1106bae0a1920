import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, type CaseParameters } from './case-parameters.js';
import { createRandom } from './statistics/random.js';
import { type ArmPace, blockMembers, blockWindows, paceOf, WINDOW_NS, warmUpOf } from './window-schedule.js';

const CLOSED: CaseParameters = BUILT_IN_DEFAULTS;
const DEPTH_16: CaseParameters = { ...CLOSED, depth: 16 };
const OPEN: CaseParameters = { ...CLOSED, load: 'open', rate: 1_000 };

function pace(arm: string, blocks: number, windowNs = WINDOW_NS): ArmPace {
  return { arm, windowNs, blocks, reason: null };
}

describe('the pace of an arm', () => {
  it('is windows of 50 ms where requests come round quickly', () => {
    expect(paceOf('native', 1_000_000, CLOSED, 2e9)).toMatchObject({ windowNs: 50e6, reason: null });
  });

  it('has longer windows where a slow arm holds many requests, and says why', () => {
    // 16 000 in flight at 70 000/s come round every 229 ms; three times that, rounded up.
    const slow = paceOf('baseline', 70_000, DEPTH_16, 2e9);
    expect(slow.windowNs).toBe(690e6);
    expect(slow.reason).toMatch(/16000 messages in flight come round only every 229 ms/);
  });

  it('has windows no shorter than it is told, without a reason of its own', () => {
    expect(paceOf('native', 1_000_000, CLOSED, 12e9, 1e9)).toMatchObject({
      ...{ windowNs: 1e9, blocks: 6, reason: null },
    });
    expect(paceOf('slow', 10, CLOSED, 120e9, 1e9).windowNs).toBeGreaterThan(1e9);
  });

  it('has windows of enough operations in open loop', () => {
    const slow = paceOf('native', 1_000, OPEN, 2e9);
    expect(slow.windowNs).toBe(200e6);
    expect(slow.reason).toMatch(/completes only 1000 operations/);
  });

  it('never asks for more than half the slot in one window, nor for none at all', () => {
    expect(paceOf('dead', 0, DEPTH_16, 0.5e9)).toMatchObject({ windowNs: 250e6, blocks: 1 });
    expect(paceOf('fast', 1e9, CLOSED, 10e6)).toMatchObject({ windowNs: 50e6, blocks: 1 });
  });

  it('fills the slot with windows, their starts and the waiting for replies', () => {
    const { blocks, windowNs } = paceOf('native', 1_000_000, DEPTH_16, 2e9);
    const spentNs = 2 * blocks * (windowNs + 5e6 + 16e6);
    expect(spentNs).toBeGreaterThan(1.85e9);
    expect(spentNs).toBeLessThan(2.15e9);
  });
});

describe('the warm-up', () => {
  const usual = { warmupNs: [50e6, 100e6], pacingNs: [60e6] };

  it('is one pass where a load that is up is half a million requests', () => {
    expect(warmUpOf({ ...CLOSED, sessions: 100_000, depth: 5 }, usual)).toEqual({
      ...{ warmupNs: [50e6], pacingNs: [] },
    });
    expect(warmUpOf({ ...CLOSED, sessions: 99_999, depth: 5 }, usual)).toEqual(usual);
    expect(warmUpOf({ ...OPEN, sessions: 1_000_000 }, usual)).toEqual(usual);
  });
});

describe('blocks', () => {
  it('hold a slow arm evenly in some, the others in all', () => {
    const members = blockMembers([pace('fast', 6), pace('slow', 2)]);
    expect(members).toEqual([['fast'], ['fast'], ['fast', 'slow'], ['fast'], ['fast'], ['fast', 'slow']]);
  });

  it('are a random order and its mirror', () => {
    const arms = ['a', 'b', 'c'];
    const paces = arms.map((arm) => pace(arm, 1, arm === 'b' ? 100e6 : WINDOW_NS));
    const random = createRandom(1);
    const orders = new Set<string>();
    for (let index = 0; index < 100; index++) {
      const windows = blockWindows(arms, paces, random);
      const order = windows.map((window) => window.arm);
      expect(order.slice(3)).toEqual(order.slice(0, 3).toReversed());
      expect([...order.slice(0, 3)].sort()).toEqual(arms);
      for (const window of windows) {
        expect(window.discardNs).toBe(5e6);
        expect(window.measureNs).toBe(window.arm === 'b' ? 100e6 : 50e6);
      }
      orders.add(order.join(''));
    }
    expect(orders.size).toBe(6);
  });

  it('come out the same for the same seed', () => {
    const draw = () => blockWindows(['a', 'b', 'c', 'd'], [], createRandom(77)).map((window) => window.arm);
    expect(draw()).toEqual(draw());
  });
});
