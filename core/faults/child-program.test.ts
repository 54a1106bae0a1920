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
  it('end with the process that started them, even one that is killed', async () => {
    await using parent = new ChildProgram('orphaning-program');
    const { pid } = await parent.next<{ pid: number }>();
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isRunning(pid));
  });
});
