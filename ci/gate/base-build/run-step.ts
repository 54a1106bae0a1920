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
/** The builder passes a signal on and waits for what it had started; a compiler ends within milliseconds. */
const END_GRACE_MS = 5_000;

/**
 * Runs a step with its output in a log. It ends with the gate, and with it what it started: the builder runs npm and
 * compilers in process groups of their own, which no signal to its group reaches, and passes SIGTERM on to them. SIGKILL at
 * once would leave them behind, to compile in a folder that is gone and beside whatever is measured next.
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
  const send = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let insisting: NodeJS.Timeout | undefined;
  const end = (): void => {
    send('SIGTERM');
    insisting ??= setTimeout(() => send('SIGKILL'), END_GRACE_MS);
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, step.timeoutMs);
  const onExit = (): void => send('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  process.on('exit', onExit);
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
    clearTimeout(insisting);
    signal.removeEventListener('abort', end);
    process.off('exit', onExit);
  }
}
