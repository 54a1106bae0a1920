import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stress } from './background-load.js';
import { SelftestError } from './selftest-error.js';

/** A share of what the gate's processes use: some periods end before their work does, in others there is enough. */
const QUOTA_SHARE = 0.8;
const PERIOD_US = 100_000;

/**
 * Puts this process, and what it starts from now on, into a control group of its own with a quota of processor time.
 * @param processors that this process may use
 * @throws SelftestError `ERR_SELFTEST_UNSUPPORTED` saying what is missing: version 2 of cgroups, its controller, the right to write
 */
export function startCpuQuota(processors: number, root = '/sys/fs/cgroup'): Stress {
  const refuse = (why: string): never => {
    throw new SelftestError(
      'ERR_SELFTEST_UNSUPPORTED',
      `--stress quota needs a writable cgroup (version 2) with the cpu controller: ${why}; ` +
        'run it where there is one, or try --stress load',
    );
  };
  const controllers = textOf(join(root, 'cgroup.controllers'));
  if (controllers === null) return refuse(`${root} is not of version 2`);
  if (!controllers.split(/\s+/).includes('cpu')) return refuse(`${root} has no controller "cpu"`);
  const folder = join(root, `msgtrans-selftest-${process.pid}`);
  const leave = (): void => {
    if (existsSync(join(folder, 'cgroup.procs')))
      writeFileSync(join(root, 'cgroup.procs'), String(process.pid));
    rmdirSync(folder);
  };
  try {
    mkdirSync(folder);
  } catch (error) {
    return refuse(`${folder} cannot be made (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!existsSync(join(folder, 'cpu.max'))) {
    leave();
    return refuse(`"cpu" is not among ${join(root, 'cgroup.subtree_control')}`);
  }
  try {
    const quotaUs = Math.round(QUOTA_SHARE * processors * PERIOD_US);
    writeFileSync(join(folder, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
    writeFileSync(join(folder, 'cgroup.procs'), String(process.pid));
  } catch (error) {
    leave();
    return refuse(`${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  return { stop: async () => leave() };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
