import type { GateArm } from './block-unit.js';
import { fisherExact } from './exact-tests.js';

/**
 * Whether dropping blocks could have decided the gate. Blocks are dropped for outside causes alone, both arms together;
 * if what is dropped nevertheless depends on the candidate, then the "outside" cause is one of ours (the candidate starts
 * helpers that count as foreign time, say), and what was kept is a selection.
 */
export interface BlockFate {
  /** Which arm stands beside the base. */
  side: 'candidate' | 'control';
  /** The arm of the outer windows: `candidate` stands for whichever is not the base. */
  first: GateArm;
  dropped: boolean;
  /**
   * Whether it counts where candidate and control are compared: of an invocation that measured both, and not the repetition
   * of a dropped block, which meets the same disturbance and is no further evidence.
   */
  compared: boolean;
}

export interface DropFinding {
  /** Of the candidate, as are those dropped. */
  blocks: number;
  dropped: number;
  droppedShare: number;
  /** Chance of drops that differ this much between ABBA and BAAB blocks, if the order does not matter. */
  pOrder: number;
  /** Chance of drops that differ this much between blocks of the candidate and of the control, if the arm does not matter. */
  pArm: number;
  /** Null: the drops say nothing against the gate. */
  objection: string | null;
}

export const DROPPED_SHARE_MAX = 0.4;
/** Of both tests together: a gate in a thousand is inconclusive for an arm's bad luck with its neighbours. */
export const DEPENDENCE_LEVEL = 0.001;

export function judgeDrops(fates: readonly BlockFate[]): DropFinding {
  const blocks = fates.filter(({ side }) => side === 'candidate');
  const compared = fates.filter((fate) => fate.compared);
  const [outerBase, outerCandidate] = (['base', 'candidate'] as const).map((first) =>
    droppedAndKept(blocks.filter((fate) => fate.first === first)),
  );
  const [ofCandidate, ofControl] = (['candidate', 'control'] as const).map((side) =>
    droppedAndKept(compared.filter((fate) => fate.side === side)),
  );
  const pOrder = fisherExact([outerBase, outerCandidate]);
  const pArm = fisherExact([ofCandidate, ofControl]);
  const [dropped] = droppedAndKept(blocks);
  const droppedShare = blocks.length === 0 ? 0 : dropped / blocks.length;
  const objections: string[] = [];
  const total = `${dropped} of ${blocks.length} blocks were dropped`;
  if (droppedShare > DROPPED_SHARE_MAX) {
    objections.push(
      `${total}, more than ${100 * DROPPED_SHARE_MAX} %: the machine does other work; free it and repeat`,
    );
  }
  if (pArm < DEPENDENCE_LEVEL / 2) {
    const shares = [ofCandidate, ofControl].map(([lost, kept]) => `${lost} of ${lost + kept}`);
    objections.push(
      `${shares[0]} blocks of the candidate and ${shares[1]} of the control beside it were dropped ` +
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

function droppedAndKept(fates: readonly BlockFate[]): [dropped: number, kept: number] {
  const dropped = fates.filter((fate) => fate.dropped).length;
  return [dropped, fates.length - dropped];
}
