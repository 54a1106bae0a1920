import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { type BlockFate, judgeDrops } from './dropped-blocks.js';

function fate(changes: Partial<BlockFate>): BlockFate {
  return { side: 'candidate', first: 'base', dropped: false, compared: true, ...changes };
}
function repeat(count: number, changes: Partial<BlockFate>): BlockFate[] {
  return new Array<BlockFate>(count).fill(fate(changes));
}

describe('dropped blocks', () => {
  it('have no objection when none was dropped, and none was measured', () => {
    expect(
      judgeDrops([
        ...repeat(90, {}),
        ...repeat(90, { first: 'candidate' }),
        ...repeat(45, { side: 'control' }),
      ]),
    ).toMatchObject({ blocks: 180, dropped: 0, pArm: 1, pOrder: 1, objection: null });
    expect(judgeDrops([]).objection).toBeNull();
  });

  it('object above 40 %, not at it', () => {
    const share = (count: number): BlockFate[] => [
      ...repeat(count / 2, { dropped: true }),
      ...repeat(count / 2, { first: 'candidate', dropped: true }),
      ...repeat(50 - count / 2, {}),
      ...repeat(50 - count / 2, { first: 'candidate' }),
    ];
    // Without a control there is nothing that the candidate's could be compared with.
    expect(judgeDrops(share(40))).toMatchObject({ pArm: 1, objection: null });
    expect(judgeDrops(share(42)).objection).toMatch(/42 of 100 blocks were dropped, more than 40 %/);
  });

  it('object when those of the candidate are dropped and those of the control are not', () => {
    const besides = [...repeat(10, { dropped: true }), ...repeat(35, {}), ...repeat(45, { side: 'control' })];
    const found = judgeDrops(besides);
    // Of 10 drops among 45 and 45 alike: 2 · C(45, 10) / C(90, 10).
    expect(found.pArm).toBeCloseTo(0.001115, 5);
    expect(found.objection).toBeNull();
    const more = judgeDrops([...besides, ...repeat(4, { dropped: true }), ...repeat(4, { side: 'control' })]);
    expect(more.pArm).toBeLessThan(0.0005);
    expect(more.objection).toMatch(
      /14 of 49 blocks of the candidate and 0 of 49 of the control beside it were dropped \(p = .*no outside cause/,
    );
  });

  it('compare no block of an invocation without a control, nor a repetition', () => {
    const besides = [...repeat(45, {}), ...repeat(45, { side: 'control' })];
    const elsewhere = [
      ...repeat(20, { dropped: true, compared: false }),
      ...repeat(20, { first: 'candidate', dropped: true, compared: false }),
      ...repeat(60, { first: 'candidate', compared: false }),
    ];
    expect(judgeDrops([...besides, ...elsewhere]).pArm).toBe(1);
  });

  it('object when drops depend on which arm had the outer windows', () => {
    const found = judgeDrops([
      ...repeat(30, { dropped: true }),
      ...repeat(60, {}),
      ...repeat(5, { first: 'candidate', dropped: true }),
      ...repeat(85, { first: 'candidate' }),
    ]);
    expect(found.objection).toMatch(/which arm had the outer windows/);
  });

  it('seldom object to bursts that last several blocks, when order and turns are drawn by lot', () => {
    const random = createRandom(7);
    const count = 1_000;
    let objections = 0;
    for (let gate = 0; gate < count; gate++) {
      if (judgeDrops(burstyGate((limit) => random.below(limit))).objection !== null) objections++;
    }
    expect(objections).toBeLessThanOrEqual(5);
  });
});

/**
 * Three invocations with a control and nine without, as the runner measures them: a dropped block is repeated at once, up to eight
 * times for each side. A burst begins before a block in twelve and disturbs one to six in a row, whosever they are.
 */
function burstyGate(below: (limit: number) => number): BlockFate[] {
  const fates: BlockFate[] = [];
  let burst = 0;
  const measure = (side: BlockFate['side'], compared: boolean): boolean => {
    if (burst === 0 && below(12) === 0) burst = 1 + below(6);
    const dropped = burst > 0;
    burst = Math.max(0, burst - 1);
    fates.push({ side, first: below(2) === 0 ? 'base' : 'candidate', dropped, compared });
    return !dropped;
  };
  for (let invocation = 0; invocation < 12; invocation++) {
    const control = invocation % 4 === 3;
    const left = { candidate: 8, control: 8 };
    for (let block = 0; block < 15; block++) {
      const sides: BlockFate['side'][] = control ? ['candidate', 'control'] : ['candidate'];
      if (below(2) === 0) sides.reverse();
      for (const side of sides) {
        let kept = measure(side, control);
        for (; !kept && left[side] > 0; left[side]--) kept = measure(side, false);
      }
    }
  }
  return fates;
}
