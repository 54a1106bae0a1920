/** Runs programs for the bootstrap: build steps with their output in a log, and tools that talk to the terminal. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { SetupError } from './project.mjs';

const forwardedSignals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {number} as a shell reports it: 128 + number for a signal
 */
function exitCodeOf(code, signal) {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/**
 * Whether this process is in the foreground of a terminal, where a Ctrl-C reaches the child by itself: forwarding it
 * again would look like a second, impatient one.
 */
function isInForeground() {
  try {
    const text = readFileSync('/proc/self/stat', 'utf8');
    const [, , processGroup, , , foregroundGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return processGroup === foregroundGroup;
  } catch {
    return false;
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => void} forward
 * @returns {Promise<number>} the exit code, once the child has ended
 */
function waitFor(child, forward) {
  return new Promise((resolve, reject) => {
    for (const signal of forwardedSignals) process.on(signal, forward);
    const stopForwarding = () => {
      for (const signal of forwardedSignals) process.off(signal, forward);
    };
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve(exitCodeOf(code, signal));
    });
  });
}

/**
 * Runs a program on this terminal; signals reach it and this process waits for its answer.
 * @param {string} command
 * @param {string[]} parameters
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} its exit code
 */
export function runTool(command, parameters, options = {}) {
  const child = spawn(command, parameters, { stdio: 'inherit', ...options });
  return waitFor(child, (signal) => {
    if (signal === 'SIGINT' && isInForeground()) return;
    child.kill(signal);
  });
}

/**
 * @param {number | undefined} leaderPid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leaderPid, signal) {
  if (leaderPid === undefined) return;
  try {
    process.kill(-leaderPid, signal);
  } catch {
    // The group has ended between the signal and now, which is what the signal was for.
  }
}

/**
 * Lets what was started by `nice` stay in the background. A process group of its own is a session of its own, and where
 * the kernel shares the processors out by session (sched_autogroup), the niceness of its processes counts among them only.
 * @param {number | undefined} leaderPid
 */
function passNicenessOn(leaderPid) {
  const niceness = getPriority();
  if (leaderPid === undefined || niceness <= 0) return;
  try {
    writeFileSync(`/proc/${leaderPid}/autogroup`, `${niceness}`);
  } catch {
    // A kernel without such groups goes by the niceness alone; and one that ended at once needs none.
  }
}

/**
 * The end of a log, for a person who has to find out what went wrong.
 * @param {string} logFile
 * @param {number} linesMax
 */
export function lastLines(logFile, linesMax) {
  const text = readFileSync(logFile, 'utf8').trimEnd();
  return text.split('\n').slice(-linesMax).join('\n');
}

/**
 * @typedef {object} LoggedProgram
 * @property {string} command
 * @property {string[]} parameters
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} environment
 * @property {string} logFile
 */

/**
 * Runs a program with its output in a file; a signal to this process ends both.
 *
 * The program gets a process group of its own: a compiler two levels down would otherwise survive the signal that
 * ends its grandparent.
 * @param {LoggedProgram} program
 * @returns {Promise<number>} its exit code
 */
export async function runLogged(program) {
  const log = openSync(program.logFile, 'w');
  /** @type {NodeJS.Signals | undefined} */
  let interruptedBy;
  try {
    const child = spawn(program.command, program.parameters, {
      cwd: program.cwd,
      env: program.environment,
      stdio: ['ignore', log, log],
      detached: true,
    });
    passNicenessOn(child.pid);
    const code = await waitFor(child, (signal) => {
      interruptedBy = signal;
      signalGroup(child.pid, signal);
    });
    if (interruptedBy !== undefined) process.exit(128 + constants.signals[interruptedBy]);
    return code;
  } finally {
    closeSync(log);
  }
}

/**
 * Runs a step of a build; when it fails, the end of its log becomes the message.
 * @param {LoggedProgram & { name: string, nextStep: string }} step `name` says what failed: `npm ci`; `nextStep` what
 *   the user can do about it
 */
export async function runBuildStep(step) {
  const code = await runLogged(step);
  if (code === 0) return;
  const verdict = `${step.name} failed with exit code ${code}; the whole log is in ${step.logFile}.`;
  throw new SetupError(`${lastLines(step.logFile, 40)}\n\n${verdict}\n${step.nextStep}`);
}
