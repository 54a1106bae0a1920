import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Answer, ControlClient, ControlError, type Hello } from './control-client.js';

/** How a process of a run is started. */
export interface ProcessCommand {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** How long it may take to end after the command `close`; 2 s unless given. */
  closeGraceMs?: number;
}

/** Node with a debug build of the addon takes about a second on a busy machine; thirty mean that it hangs. */
const HELLO_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 2_000;
const STDERR_CHARACTERS_MAX = 4_096;

/**
 * A server or the load generator in a process of its own, in a process group of its own, so that a terminal's
 * interrupt reaches the harness alone and the harness decides in which order its children end. Should the harness be
 * killed, the children read the end of their standard input and end themselves.
 */
export class ArmProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #client: ControlClient;
  readonly #exited: Promise<void>;
  readonly #closeGraceMs: number;
  #servingPid: number | null = null;
  #stderr = '';
  #running = true;

  constructor(name: string, command: ProcessCommand, onExit: (process: ArmProcess) => void) {
    this.name = name;
    this.#closeGraceMs = command.closeGraceMs ?? CLOSE_GRACE_MS;
    this.#child = spawn(command.command, command.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...command.env },
    });
    const { stdin, stdout, stderr } = this.#child;
    this.#client = new ControlClient(name, stdin as Writable, stdout as Readable);
    (stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS_MAX);
    });
    this.#exited = new Promise((resolve) => {
      const end = (reason: string): void => {
        if (!this.#running) return;
        this.#running = false;
        // Whatever a dying process wrote must not steer the terminal.
        const words = this.#stderr.replace(/\p{Cc}+/gu, ' ').trim();
        const said = words === '' ? '' : `; it said: ${words}`;
        this.#client.fail(new ControlError('ERR_CONTROL_PROCESS_EXITED', `${name} ${reason}${said}`));
        onExit(this);
        resolve();
      };
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`));
      // "close" comes after the last byte of standard error, "exit" may come before it.
      this.#child.once('close', (code, signal) =>
        end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
      );
    });
  }

  /** The process that said hello, which may have been started by another one: by a profiler. */
  get pid(): number {
    return this.#servingPid ?? this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  async hello(): Promise<Hello> {
    const hello = await this.#client.hello(HELLO_TIMEOUT_MS);
    this.#servingPid = hello.pid;
    return hello;
  }

  command(command: string, fields: Record<string, unknown> = {}, timeoutMs = 30_000): Promise<Answer> {
    return this.#client.command(command, fields, timeoutMs);
  }

  /** Asks the process to end, then insists: end of input and SIGTERM at once, SIGKILL to its group after the grace. */
  async stop(graceMs = 2_000): Promise<void> {
    if (!this.#running) return;
    this.#child.stdin?.end();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the process by the protocol, so that it can flush; insists when it does not answer. */
  async close(graceMs = this.#closeGraceMs): Promise<void> {
    if (!this.#running) return;
    const timer = setTimeout(() => void this.stop(), graceMs);
    this.command('close', {}, graceMs).catch(() => {});
    await this.#exited;
    clearTimeout(timer);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#running || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      // Already gone, or its exit has not been seen yet.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** All processes a run has started; nothing may outlive it. */
export class Children {
  readonly #running = new Set<ArmProcess>();

  start(name: string, command: ProcessCommand): ArmProcess {
    const child = new ArmProcess(name, command, (ended) => this.#running.delete(ended));
    this.#running.add(child);
    return child;
  }

  async stopAll(graceMs = 2_000): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.stop(graceMs)));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.close()));
  }

  /** Synchronous, for a second interrupt and for the end of the harness itself. */
  killAll(): void {
    for (const child of this.#running) child.signal('SIGKILL');
  }
}
