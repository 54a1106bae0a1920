import { describe, expect, it } from 'vitest';
import { ChildProgram } from '../faults/child-program.js';

const WORKERS = 40;

interface Churn {
  counts: { served: number; refused: number; reset: number; endedUnserved: number; timedOut: number };
  errors: string[];
}

describe.each([0, 1])('Workers with %i reactors on threads of their own, at one address', (threads) => {
  it(`come and go, ${WORKERS} of them, and nobody who connects is refused or left behind`, async () => {
    await using program = new ChildProgram('../threads/worker-churn-program', {
      args: ['--workers', String(WORKERS), '--threads', String(threads)],
    });
    const { counts, errors } = await program.next<Churn>();
    const { served, refused, reset, timedOut } = counts;
    expect({ refused, reset, timedOut, errors }).toEqual({ refused: 0, reset: 0, timedOut: 0, errors: [] });
    expect(served).toBeGreaterThan(WORKERS);
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  }, 120_000);
});
