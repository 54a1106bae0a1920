import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SelftestError } from './selftest-error.js';

/** What disturbs the machine on purpose. */
export interface Stress {
  /** Why it disturbs no longer though nobody stopped it; null while it does. */
  failure(): SelftestError | null;
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'background-load-program.js');

/**
 * Another program that takes processor time in bursts, as a neighbour on a shared machine does. It ends at the end of its input,
 * so that nothing stays behind a harness that was killed.
 */
export function startBackgroundLoad(seed: number, program = PROGRAM): Stress & { pid: number } {
  const child = spawn(process.execPath, [program, String(seed)], { stdio: ['pipe', 'ignore', 'inherit'] });
  let ended: string | null = null;
  const exited = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      ended ??= how;
      resolve();
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
  // Of one that is gone; its end is told by `failure`.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    failure() {
      if (ended === null) return null;
      return new SelftestError(
        'ERR_SELFTEST_STRESS',
        `the background load ${ended}, so nothing disturbs this stretch any more; what was measured before is in the bank, go on with --resume`,
      );
    },
    async stop() {
      child.stdin.end();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
