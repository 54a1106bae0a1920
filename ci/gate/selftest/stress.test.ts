import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBackgroundLoad } from './background-load.js';
import { groupOf, moveProcesses, startCpuQuota } from './cpu-quota.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'msgtrans-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const PROGRAM = join(import.meta.dirname, '../../../dist/ci/gate/selftest/background-load-program.js');

describe('the background load', () => {
  it('burns processor time in a process of its own, and is gone when it is stopped', async () => {
    const load = startBackgroundLoad(1, PROGRAM);
    while (ticksOf(load.pid) < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(load.failure()).toBeNull();
    await load.stop();
    expect(existsSync(`/proc/${load.pid}`)).toBe(false);
  });

  it('says how it ended where nobody stopped it, and can be stopped all the same', async () => {
    const load = startBackgroundLoad(1, PROGRAM);
    process.kill(load.pid, 'SIGKILL');
    while (load.failure() === null) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(load.failure()).toMatchObject({
      code: 'ERR_SELFTEST_STRESS',
      message: expect.stringMatching(/was ended by SIGKILL.*--resume/),
    });
    await load.stop();
  });
});

function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
}

describe('the quota of processor time', () => {
  it.each([
    ['no hierarchy of version 2', () => {}, 'is not of version 2'],
    [
      'no controller',
      () => writeFileSync(join(root, 'cgroup.controllers'), 'memory pids\n'),
      'has no controller "cpu"',
    ],
    [
      'a controller that is not handed on',
      () => writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory\n'),
      'is not among',
    ],
  ])('is refused by name where there is %s, and leaves nothing behind', (_, prepare, message) => {
    prepare();
    const before = readdirSync(root);
    expect(() => startCpuQuota(2, root)).toThrow(message);
    expect(() => startCpuQuota(2, root)).toThrow('try --stress load');
    expect(readdirSync(root)).toEqual(before);
  });

  it('gives its processes back to the group they came from, all of them', () => {
    expect(groupOf('4:memory:/pod\n0::/system.slice/ci.service\n')).toBe('/system.slice/ci.service');
    expect(groupOf('4:memory:/pod\n')).toBeNull();
    const [group, origin] = ['group', 'origin'].map((name) => join(root, name));
    for (const each of [group, origin]) mkdirSync(each);
    writeFileSync(join(group, 'cgroup.procs'), '11\n12\n');
    writeFileSync(join(origin, 'cgroup.procs'), '');
    moveProcesses(group, origin);
    expect(readFileSync(join(origin, 'cgroup.procs'), 'utf8')).toBe('11\n12\n');
  });

  it('is refused where nothing may be made', () => {
    writeFileSync(join(root, 'cgroup.controllers'), 'cpu\n');
    mkdirSync(join(root, `msgtrans-selftest-${process.pid}`));
    expect(() => startCpuQuota(2, root)).toThrow(/cannot be made \(EEXIST\)/);
  });
});
