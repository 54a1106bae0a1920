/** Starts one of the native programs and speaks its control protocol, for the tests beside this file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// biome-ignore lint/suspicious/noExplicitAny: answers are judged field by field by the tests.
export type Answer = Record<string, any>;

/**
 * The folder with the built programs: `MSGTRANS_PROGRAMS_DIR` (for instance a sanitizer's build), else that of
 * node-gyp, else that of the CMake preset; undefined without a build.
 */
export function programFolder(): string | undefined {
  const given = process.env.MSGTRANS_PROGRAMS_DIR;
  if (given !== undefined) return `${given}/`;
  const folders = ['../build/Release/', '../build-release/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return folders.find((folder) =>
    ['limit_server', 'load_generator', 'layout_constants'].every((name) => existsSync(folder + name)),
  );
}

export class ControlClient {
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #child: ChildProcess;
  #lines: AsyncIterator<string>;
  #nextId = 1;

  constructor(program: string) {
    this.#child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.exit = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    // A program that was killed takes no more commands; the test sees that from its exit.
    this.#child.stdin!.on('error', () => {});
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line of the program, parsed. */
  async receive(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the program ended without an answer');
    return JSON.parse(value);
  }

  sendLine(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  post(command: string, fields: Answer = {}): number {
    const id = this.#nextId++;
    this.sendLine(JSON.stringify({ id, command, ...fields }));
    return id;
  }

  /** Sends a command and gives its answer, whatever it is. */
  async ask(command: string, fields: Answer = {}): Promise<Answer> {
    const id = this.post(command, fields);
    const answer = await this.receive();
    if (answer.id !== id) throw new Error(`answer ${answer.id} to command ${id}`);
    return answer;
  }

  /** Sends a command that has to succeed. */
  async order(command: string, fields: Answer = {}): Promise<Answer> {
    const answer = await this.ask(command, fields);
    if (!answer.ok) throw new Error(`${command}: ${answer.error.code}: ${answer.error.message}`);
    return answer;
  }

  endInput(): void {
    this.#child.stdin!.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
