import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Another program that takes processor time in bursts, as a neighbour on a shared machine does. */
export interface Stress {
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'background-load-program.js');

/** It ends at the end of its input, so that nothing stays behind a harness that was killed. */
export function startBackgroundLoad(seed: number, program = PROGRAM): Stress & { pid: number } {
  const child = spawn(process.execPath, [program, String(seed)], { stdio: ['pipe', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.stdin.end();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
