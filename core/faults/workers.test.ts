import { describe, expect, it } from 'vitest';
import { ChildProgram } from './child-program.js';

const ROUNDS = 20;

describe('Workers', () => {
  it(`end in every way under traffic, ${ROUNDS} in a row, and the process lives`, async () => {
    await using program = new ChildProgram('workers-program', { args: [String(ROUNDS)] });
    const end = await program.ended;
    const error = 'planned by the test';
    expect(program.all()).toEqual([
      { terminated: { distinct: [{ exitCode: 1, closes: 3 }], leaks: false } },
      { exit: { distinct: [{ exitCode: 3, closes: 3 }], leaks: false } },
      { throw: { distinct: [{ exitCode: 1, error, closes: 3 }], leaks: false } },
      { close: { distinct: [{ exitCode: 0, closes: 3 }], leaks: false } },
    ]);
    expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  }, 60_000);
});

describe('transports', () => {
  it('are 256 at most in a process, and one more is a typed error', async () => {
    await using program = new ChildProgram('reactor-count-program');
    for (let round = 0; round < 2; round++) {
      expect(await program.next()).toEqual({
        count: 256,
        code: 'ERR_MSGTRANS_OUT_OF_MEMORY',
        message: expect.stringMatching(/256 reactors.*close one first/),
        ids: 3,
      });
    }
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });
});
