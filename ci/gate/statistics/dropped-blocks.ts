import type { GateArm } from './block-unit.js';
import { fisherExact, signFlipTest } from './exact-tests.js';

/**
 * Whether dropping blocks could have decided the gate. Blocks are dropped for outside causes alone, both arms together;
 * if what is dropped nevertheless depends on the arm, then the "outside" cause is one of ours (the candidate starts helpers
 * that count as foreign time, say), and what was kept is a selection.
 */
export interface BlockFate {
  /** The arm of the outer windows. */
  first: GateArm;
  dropped: boolean;
  /** Windows of each arm, 0 to 2, during which the cause was seen; both 0 when it was seen over the block alone. */
  disturbed: Readonly<Record<GateArm, number>>;
}

export interface DropFinding {
  blocks: number;
  dropped: number;
  droppedShare: number;
  /** Chance of drops that differ this much between ABBA and BAAB blocks, if the order does not matter. */
  pOrder: number;
  /** Chance of disturbed windows that differ this much between the arms, if the arm does not matter. */
  pArm: number;
  /** Null: the drops say nothing against the gate. */
  objection: string | null;
}

export const DROPPED_SHARE_MAX = 0.4;
/** Of both tests together: a gate in a thousand is inconclusive for an arm's bad luck with its neighbours. */
export const DEPENDENCE_LEVEL = 0.001;

export function judgeDrops(blocks: readonly BlockFate[]): DropFinding {
  const count = (first: GateArm, dropped: boolean): number =>
    blocks.filter((block) => block.first === first && block.dropped === dropped).length;
  const pOrder = fisherExact([
    [count('base', true), count('base', false)],
    [count('candidate', true), count('candidate', false)],
  ]);
  // Which arm had the outer windows was drawn by lot for each block, so its differences have either sign alike.
  const pArm = signFlipTest(blocks.map(({ disturbed }) => disturbed.candidate - disturbed.base));
  const dropped = blocks.filter((block) => block.dropped).length;
  const droppedShare = blocks.length === 0 ? 0 : dropped / blocks.length;
  const objections: string[] = [];
  const total = `${dropped} of ${blocks.length} blocks were dropped`;
  if (droppedShare > DROPPED_SHARE_MAX) {
    objections.push(
      `${total}, more than ${100 * DROPPED_SHARE_MAX} %: the machine does other work; free it and repeat`,
    );
  }
  if (pArm < DEPENDENCE_LEVEL / 2) {
    const windows = (arm: GateArm): number => blocks.reduce((sum, { disturbed }) => sum + disturbed[arm], 0);
    objections.push(
      `${windows('candidate')} disturbed windows of the candidate and ${windows('base')} of the base ` +
        `(p = ${pArm.toPrecision(2)}): what disturbs depends on which arm runs, so it is no outside cause`,
    );
  }
  if (pOrder < DEPENDENCE_LEVEL / 2) {
    objections.push(
      `${total}, and they depend on which arm had the outer windows (p = ${pOrder.toPrecision(2)})`,
    );
  }
  return {
    blocks: blocks.length,
    dropped,
    droppedShare,
    pOrder,
    pArm,
    objection: objections.length === 0 ? null : objections.join('; '),
  };
}
