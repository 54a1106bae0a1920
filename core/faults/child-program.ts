/**
 * Programs of this folder in processes of their own: started from the build, stopped for sure, heard line by line.
 * A test that runs into its time limit disposes of nothing: its programs end with the process of its file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { endingWithParent } from './process-lifetime.js';

export interface ProgramOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Options of the node binary itself. */
  nodeArgs?: readonly string[];
  /** The node binary; the running one unless told. */
  node?: string;
  /** Open descriptors the process may have. */
  descriptorsMax?: number;
}

/** How a process ended and what it wrote to stderr. */
export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Where the build put a program of this folder. */
export function programPath(name: string): string {
  const path = fileURLToPath(new URL(`../../dist/core/faults/${name}.js`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing; build it with: npm run build`);
  return path;
}

/** A running program that prints one JSON value per line; disposing of it kills it. */
export class ChildProgram implements AsyncDisposable {
  readonly ended: Promise<ProgramEnd>;
  private readonly child: ChildProcess;
  private readonly values: unknown[] = [];
  private partial = '';
  private wake: () => void = () => undefined;
  private isEnded = false;

  constructor(name: string, options: ProgramOptions = {}) {
    const { args = [], env = {}, nodeArgs = [], node = process.execPath, descriptorsMax } = options;
    const command = [node, ...nodeArgs, programPath(name), ...args];
    // The shell replaces itself, so that signals reach the program.
    const limited = ['sh', '-c', `ulimit -n ${descriptorsMax} && exec "$@"`, 'sh', ...command];
    const [file, ...rest] = endingWithParent(descriptorsMax === undefined ? command : limited);
    this.child = spawn(file, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // The test runner's own options are not for its children.
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    let stderr = '';
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.onText(text));
    this.child.stdin!.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.isEnded = true;
        this.wake();
        resolve({ code, signal, stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The next value the program prints. */
  async next<T>(): Promise<T> {
    while (this.values.length === 0) {
      if (this.isEnded) throw new Error(`the program ended: ${JSON.stringify(await this.ended)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.values.shift() as T;
  }

  /** Every value printed that was not taken yet. */
  all(): unknown[] {
    return this.values.splice(0);
  }

  /** Writes a line that the program may be waiting for. */
  tell(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isEnded) this.child.kill('SIGKILL');
    await this.ended;
  }

  private onText(text: string): void {
    const lines = (this.partial + text).split('\n');
    this.partial = lines.pop()!;
    for (const line of lines) this.values.push(JSON.parse(line));
    this.wake();
  }
}
