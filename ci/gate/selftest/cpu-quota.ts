import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stress } from './background-load.js';
import { SelftestError } from './selftest-error.js';

/** A share of what the gate's processes use: some periods end before their work does, in others there is enough. */
const QUOTA_SHARE = 0.8;
const PERIOD_US = 100_000;

/**
 * Puts this process, and what it starts from now on, into a control group of its own with a quota of processor time. When it is
 * stopped they go back to the group they came from, with the limits that hold there.
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
  const own = groupOf(textOf('/proc/self/cgroup') ?? '');
  if (own === null) return refuse('this process is in no group of version 2');
  const origin = join(root, own);
  const folder = join(root, `msgtrans-selftest-${process.pid}`);
  try {
    mkdirSync(folder);
  } catch (error) {
    return refuse(`${folder} cannot be made (${codeOf(error)})`);
  }
  if (!existsSync(join(folder, 'cpu.max'))) {
    rmdirSync(folder);
    return refuse(`"cpu" is not among ${join(root, 'cgroup.subtree_control')}`);
  }
  const leave = (): void => {
    moveProcesses(folder, origin);
    rmdirSync(folder);
  };
  try {
    const quotaUs = Math.round(QUOTA_SHARE * processors * PERIOD_US);
    writeFileSync(join(folder, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
    writeFileSync(join(folder, 'cgroup.procs'), String(process.pid));
  } catch (error) {
    leave();
    return refuse(`${folder} cannot be written (${codeOf(error)})`);
  }
  return {
    // The kernel keeps it for as long as there is a process in it.
    failure: () => null,
    async stop() {
      try {
        leave();
      } catch (error) {
        // All is measured: nothing of it is lost by what stays behind, which must be told all the same.
        process.stderr.write(
          `selftest: ${folder} stays with its quota (${codeOf(error)}); move its processes to ${origin} and remove it\n`,
        );
      }
    },
  };
}

/** The group of version 2 in `/proc/self/cgroup`, as a path below the root; null where there is none. */
export function groupOf(text: string): string | null {
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? null;
}

/** Moves whatever is in a group to another one. */
export function moveProcesses(from: string, to: string): void {
  for (const pid of readFileSync(join(from, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
    try {
      // The kernel takes one at a time.
      appendFileSync(join(to, 'cgroup.procs'), `${pid}\n`);
    } catch (error) {
      // It has ended meanwhile.
      if (codeOf(error) !== 'ESRCH') throw error;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
