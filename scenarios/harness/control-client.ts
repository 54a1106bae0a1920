import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** The version of `CONTROL.md` this harness speaks. */
export const CONTROL_VERSION = 1;

/** A histogram of a million buckets stays below this; a longer line is a broken process, not an answer. */
const LINE_CHARACTERS_MAX = 64 * 1024 * 1024;

export interface Hello {
  control: number;
  role: 'server' | 'generator';
  arm: string;
  pid: number;
  version: string;
}

export type Answer = Record<string, unknown>;

/** A refusal of the other process (its own code), or a failure of the conversation (`ERR_CONTROL_…`). */
export class ControlError extends Error {
  readonly code: string;
  /** The group an error of the load generator is about, when it says. */
  readonly group: string | null;

  constructor(code: string, message: string, group: string | null = null) {
    super(message);
    this.name = 'ControlError';
    this.code = code;
    this.group = group;
  }
}

interface Pending {
  id: number;
  command: string;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * One side of the control protocol over a pair of streams. Knows nothing of processes, so that it can be tested on
 * streams; `fail` is called by whoever sees the process end.
 */
export class ControlClient {
  readonly #name: string;
  readonly #input: Writable;
  readonly #decoder = new StringDecoder('utf8');
  readonly #pending: Pending[] = [];
  #partial: string[] = [];
  #partialCharacters = 0;
  #nextId = 1;
  #failure: ControlError | null = null;
  #hello: Hello | null = null;
  #helloWaiter: { resolve: (hello: Hello) => void; reject: (error: Error) => void } | null = null;

  constructor(name: string, input: Writable, output: Readable) {
    this.#name = name;
    this.#input = input;
    // A process that died leaves a broken pipe; its end is reported through `fail`, with its exit code.
    input.on('error', () => {});
    output.on('data', (chunk: Buffer) => this.#take(this.#decoder.write(chunk)));
    output.on('error', (error) => this.fail(new ControlError('ERR_CONTROL_STREAM', String(error))));
  }

  /** Resolves with the first line; rejects when it is not a hello of this protocol version. */
  hello(timeoutMs: number): Promise<Hello> {
    if (this.#hello !== null) return Promise.resolve(this.#hello);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.fail(this.#error('ERR_CONTROL_TIMEOUT', `sent no hello within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#helloWaiter = {
        resolve: (hello) => {
          clearTimeout(timer);
          resolve(hello);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  }

  /** Commands may be sent without waiting; answers come in the order of the commands. */
  command(command: string, fields: Record<string, unknown>, timeoutMs: number): Promise<Answer> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          this.fail(this.#error('ERR_CONTROL_TIMEOUT', `did not answer "${command}" within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#pending.push({ id, command, resolve, reject, timer });
      this.#input.write(`${JSON.stringify({ id, command, ...fields })}\n`);
    });
  }

  /** Ends the conversation: everything under way and everything later rejects with this error. */
  fail(error: ControlError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#helloWaiter?.reject(error);
    this.#helloWaiter = null;
    for (const pending of this.#pending.splice(0)) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
  }

  #take(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#partial.push(text.slice(start, end));
      const line = this.#partial.join('');
      this.#partial = [];
      this.#partialCharacters = 0;
      start = end + 1;
      this.#line(line);
    }
    if (start < text.length) this.#partial.push(text.slice(start));
    this.#partialCharacters += text.length - start;
    if (this.#partialCharacters > LINE_CHARACTERS_MAX) {
      this.#partial = [];
      this.fail(this.#error('ERR_CONTROL_PROTOCOL', `sent a line above ${LINE_CHARACTERS_MAX} characters`));
    }
  }

  #line(line: string): void {
    if (this.#failure !== null || line.trim() === '') return;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    if (message === null || typeof message !== 'object') {
      this.fail(this.#error('ERR_CONTROL_PROTOCOL', `sent a line that is not JSON: ${line.slice(0, 200)}`));
    } else if (this.#hello === null) {
      this.#takeHello(message as Answer);
    } else {
      this.#takeAnswer(message as Answer);
    }
  }

  #takeHello(message: Answer): void {
    const hello = message.hello as Hello | undefined;
    if (hello === undefined || hello === null || typeof hello !== 'object') {
      this.fail(this.#error('ERR_CONTROL_PROTOCOL', 'began with something other than a hello'));
      return;
    }
    if (hello.control !== CONTROL_VERSION) {
      const spoken = `speaks control protocol ${String(hello.control)}; this harness speaks ${CONTROL_VERSION}`;
      this.fail(this.#error('ERR_CONTROL_VERSION', spoken));
      return;
    }
    this.#hello = hello;
    this.#helloWaiter?.resolve(hello);
    this.#helloWaiter = null;
  }

  #takeAnswer(answer: Answer): void {
    const pending = this.#pending[0];
    if (pending === undefined || (answer.id !== pending.id && answer.id !== 0)) {
      const waited = pending === undefined ? 'none was' : `${pending.id} was`;
      this.fail(
        this.#error('ERR_CONTROL_PROTOCOL', `answered command ${String(answer.id)} where ${waited} due`),
      );
      return;
    }
    this.#pending.shift();
    clearTimeout(pending.timer);
    if (answer.ok === true) {
      pending.resolve(answer);
      return;
    }
    const error = (answer.error ?? {}) as { code?: unknown; message?: unknown; group?: unknown };
    const code = typeof error.code === 'string' ? error.code : 'ERR_CONTROL_PROTOCOL';
    const text = typeof error.message === 'string' ? error.message : 'no reason given';
    const group = typeof error.group === 'string' ? error.group : null;
    pending.reject(new ControlError(code, `${this.#name}: ${pending.command}: ${text}`, group));
  }

  #error(code: string, what: string): ControlError {
    return new ControlError(code, `${this.#name} ${what}`);
  }
}
