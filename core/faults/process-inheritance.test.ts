import { describe, expect, it } from 'vitest';
import { ChildProgram } from './child-program.js';

describe('other processes and signals', () => {
  it('see no descriptor of the transport', async () => {
    await using program = new ChildProgram('descriptor-listing-program');
    const { own, sessions, before, inherited } = await program.next<{
      own: number;
      sessions: number;
      before: string[];
      inherited: string[];
    }>();
    expect(sessions).toBeGreaterThanOrEqual(20);
    expect(own).toBeGreaterThan(sessions);
    expect(inherited).toEqual(before);
    expect((await program.ended).code).toBe(0);
  });

  it('do not end the process when it writes to a peer that is gone', async () => {
    await using program = new ChildProgram('descriptor-listing-program', { args: ['sigpipe'] });
    expect(await program.next()).toEqual({ closes: 20 });
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });
});
