import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import type { GateArm } from './block-unit.js';
import { type BlockFate, judgeDrops } from './dropped-blocks.js';

function kept(first: GateArm): BlockFate {
  return { first, dropped: false, disturbed: { base: 0, candidate: 0 } };
}
function dropped(first: GateArm, base: number, candidate: number): BlockFate {
  return { first, dropped: true, disturbed: { base, candidate } };
}
function repeat(count: number, block: BlockFate): BlockFate[] {
  return new Array<BlockFate>(count).fill(block);
}

describe('dropped blocks', () => {
  it('have no objection when none was dropped, and none was measured', () => {
    expect(judgeDrops([...repeat(90, kept('base')), ...repeat(90, kept('candidate'))])).toMatchObject({
      dropped: 0,
      pArm: 1,
      pOrder: 1,
      objection: null,
    });
    expect(judgeDrops([]).objection).toBeNull();
  });

  it('object above 40 %, not at it', () => {
    const share = (count: number): BlockFate[] => [
      ...repeat(count / 2, dropped('base', 1, 1)),
      ...repeat(count / 2, dropped('candidate', 1, 1)),
      ...repeat(50 - count / 2, kept('base')),
      ...repeat(50 - count / 2, kept('candidate')),
    ];
    expect(judgeDrops(share(40)).objection).toBeNull();
    expect(judgeDrops(share(42)).objection).toMatch(/42 of 100 blocks were dropped, more than 40 %/);
  });

  it('object when the disturbed windows are those of one arm', () => {
    const found = judgeDrops([...repeat(14, dropped('base', 0, 1)), ...repeat(160, kept('candidate'))]);
    expect(found.pArm).toBeCloseTo(2 * 2 ** -14, 12);
    expect(found.objection).toMatch(/14 disturbed windows of the candidate and 0 of the base/);
  });

  it('object when drops depend on which arm had the outer windows', () => {
    const found = judgeDrops([
      ...repeat(30, dropped('base', 0, 0)),
      ...repeat(60, kept('base')),
      ...repeat(5, dropped('candidate', 0, 0)),
      ...repeat(85, kept('candidate')),
    ]);
    expect(found.objection).toMatch(/which arm had the outer windows/);
  });

  it('allow for bursts that hit whole pairs of windows: seldom an objection when the order is drawn by lot', () => {
    const random = createRandom(7);
    let objections = 0;
    for (let gate = 0; gate < 1_000; gate++) {
      const blocks = Array.from({ length: 180 }, (): BlockFate => {
        const first: GateArm = random.below(2) === 0 ? 'base' : 'candidate';
        if (random.below(10) > 0) return kept(first);
        // A burst over both inner windows.
        return first === 'base' ? dropped(first, 0, 2) : dropped(first, 2, 0);
      });
      if (judgeDrops(blocks).objection !== null) objections++;
    }
    expect(objections).toBeLessThanOrEqual(5);
  });
});
