import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

/** Milliseconds that JavaScript computes; by hand up to 15 000. */
const BLOCK_MS = process.env.MSGTRANS_BLOCK_MS ?? '2000';
const BLOCKS = 8;

describe('JavaScript that computes', () => {
  it(`for ${BLOCK_MS} ms makes its reactors stop reading, and gets everything in order afterwards`, async () => {
    await using program = new ChildProgram('../threads/blocked-program', { args: [BLOCK_MS, '1'] });
    const saw = await program.next();
    expect(saw).toEqual({
      blocksLent: BLOCKS,
      isMemoryBounded: true,
      arrived: 60_000,
      faults: 0,
      closesBefore: 0,
    });
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  }, 90_000);
});
