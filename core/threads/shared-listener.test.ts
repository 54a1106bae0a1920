import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

describe.each([2, 8])('%i Workers at one address', (workers) => {
  it('share the connections, and none waits for one that has left or that computes instead of them', async () => {
    await using program = new ChildProgram('../threads/shared-listener-program', { args: [String(workers)] });
    const sessions = workers * 25;
    expect(await program.next()).toEqual({ greetings: sessions, workers, fewest: true });
    expect(await program.next()).toEqual({ refused: 'ERR_MSGTRANS_ADDRESS_IN_USE' });
    const { waited, ...rest } = await program.next<{ waited: number }>();
    expect(rest).toEqual({ greetings: 2 * sessions, servedByIt: 0, allOthersServed: true });
    // It counts what it was given, so it gets no more than its share, about.
    expect(waited).toBeLessThan(sessions);
    expect(await program.next()).toEqual({ greetings: 3 * sessions, servedByTheOneThatLeft: 0 });
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  }, 60_000);
});
