/** Payloads that are passed on from sockets to other threads: by reference, once, and whoever ends first. */
import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const ROUNDS = process.env.CI ? 30 : 15;

describe.each([
  ['the JavaScript thread', 0],
  ['a thread of its own', 1],
])('what %s has read and passes on to other threads', (_name, threads) => {
  it('is lent, never another thread’s at the same time, and comes back', async () => {
    await using child = new ChildProgram('../in-process/forwarding-program', {
      args: [threads, ROUNDS].map(String),
    });
    expect(await child.ended).toEqual({ code: 0, signal: null, stderr: '' });
    const of = (length: number) => ({
      length,
      bufferBytes: length,
      whole: true,
      extHeader: 'ext',
      payloadCopies: 0,
      relayCopies: 0,
    });
    expect(Object.assign({}, ...(child.all() as object[]))).toEqual({
      nothingIsCopied: [65_536, 1_048_576, 3_000_000].map(of),
      everyReceiverHasItsOwn: { wrong: 0, handled: true, open: 0 },
      receiversEnd: { wrong: 0, some: true },
      relaysEnd: { wrong: 0, some: true },
    });
  }, 120_000);
});
