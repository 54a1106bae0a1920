import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { until } from '../contract/connected-pair.js';
import { ChildProgram } from './child-program.js';

/** False for one that ended and that nobody has asked for its exit code yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('programs that tests start', () => {
  const left: number[] = [];

  it('run on when their test has ended without them, as one does that takes too long', async () => {
    const program = new ChildProgram('orphaning-program');
    const { pid } = await program.next<{ pid: number }>();
    left.push(program.pid, pid);
    expect(left.map(isRunning)).toEqual([true, true]);
  });

  it('and are gone right after it', async () => {
    expect(left).toHaveLength(2);
    await until(() => !left.some(isRunning));
  });

  it('end with the process that started them, even one that is killed', async () => {
    await using parent = new ChildProgram('orphaning-program');
    const { pid } = await parent.next<{ pid: number }>();
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isRunning(pid));
  });
});
