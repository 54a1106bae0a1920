import { plural } from '../numbers/sentence.js';

/** Blocks that were dropped for the same cause, whose figure may differ from block to block. */
export interface DropCause {
  /** With the range of its first figure: `the hypervisor took 10.3–16.1 % of …`. */
  text: string;
  blocks: number[];
}

const FIRST_FIGURE = /\d+(?:\.\d+)?/;
export const NO_REASON = 'no reason recorded';

/** The causes in the order in which each was met first. */
export function dropCauses(dropped: readonly { block: number; reason: string }[]): DropCause[] {
  const causes = new Map<string, { figures: string[]; blocks: number[] }>();
  for (const { block, reason } of dropped) {
    const kind = reason.replace(FIRST_FIGURE, '\u0000');
    const cause = causes.get(kind) ?? { figures: [], blocks: [] };
    causes.set(kind, cause);
    cause.blocks.push(block);
    const figure = FIRST_FIGURE.exec(reason)?.[0];
    if (figure !== undefined) cause.figures.push(figure);
  }
  return [...causes].map(([kind, { figures, blocks }]) => {
    const sorted = [...figures].sort((a, b) => Number(a) - Number(b));
    const range =
      sorted.length === 0 || sorted[0] === sorted.at(-1)
        ? (sorted[0] ?? '')
        : `${sorted[0]}–${sorted.at(-1)}`;
    return { text: kind.replace('\u0000', () => range), blocks };
  });
}

/** `a: steal above 8 % (3 blocks)`; the letter stands at the shading. */
export function causesInWords(causes: readonly DropCause[]): string {
  return causes
    .map(({ text, blocks }, index) => `${causeLetter(index)}: ${text} (${plural(blocks.length, 'block')})`)
    .join('; ');
}

export function causeLetter(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + Math.min(index, 25));
}
