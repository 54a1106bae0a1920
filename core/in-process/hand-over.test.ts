/** Buffers that are handed over to other threads: by reference, and whoever ends first. */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const ROUNDS = process.env.CI ? 60 : 15;

describe.each([
  ['an inline reactor', 0],
  ['a reactor on a thread of its own', 1],
])('a buffer of a transport with %s', (_name, threads) => {
  it('is handed over to other threads as it lies, and comes back', async () => {
    const args = [threads, ROUNDS].map(String);
    await using child = new ChildProgram('../in-process/hand-over-program', { args });
    expect(await child.ended).toEqual({ code: 0, signal: null, stderr: '' });
    const of = (length: number) => ({
      length,
      bufferBytes: length,
      whole: true,
      extHeader: 'ext',
      payloadCopies: 0,
      left: 0,
      senderCopies: 0,
    });
    expect(Object.assign({}, ...(child.all() as object[]))).toEqual({
      nothingIsCopied: [16_384, 65_536, 1_048_576, 3_000_000].map(of),
      whatWasSentBeforeStays: { whole: true, isWhole: true },
      receiversEnd: { wrong: 0, some: true },
    });
  }, 120_000);
});
