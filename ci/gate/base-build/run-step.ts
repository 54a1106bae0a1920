import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { InterruptedError } from '../../../scenarios/harness/interruption.js';

export interface BuildStep {
  command: string;
  args: readonly string[];
  folder: string;
  environment: NodeJS.ProcessEnv;
  logPath: string;
  timeoutMs: number;
}

const SHOWN_LINES = 12;

/**
 * Runs a step with its output in a log. Its process group ends with the gate, compilers two levels down included.
 * @returns null when it succeeded, else what went wrong with the end of the log
 * @throws InterruptedError
 */
export async function runStep(step: BuildStep, signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) throw new InterruptedError();
  const log = openSync(step.logPath, 'w');
  const child = spawn(step.command, step.args, {
    ...{ cwd: step.folder, env: step.environment, stdio: ['ignore', log, log] },
    detached: true,
  });
  closeSync(log);
  let late = false;
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, step.timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  process.on('exit', kill);
  try {
    const failure = await new Promise<string | null>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('close', (code, by) => {
        if (code === 0) resolve(null);
        else resolve(by === null ? `ended with code ${code}` : `was ended by ${by}`);
      });
    });
    if (signal.aborted) throw new InterruptedError();
    if (failure === null) return null;
    const what = late ? `was not done within ${step.timeoutMs / 60_000} minutes` : failure;
    const lines = readFileSync(step.logPath, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES);
    return `${what}; the whole log is in ${step.logPath}. It ends with:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}
