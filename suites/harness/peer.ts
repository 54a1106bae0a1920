import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PeerAnswer, PeerTask } from './peer-protocol.js';

// A Worker runs compiled code, whether this file is run from the sources or from the build.
const ROOT = resolve(import.meta.dirname, import.meta.dirname.includes('/dist/') ? '../../..' : '../..');
const PROGRAMS = join(ROOT, 'dist', 'suites');

const NOTHING: readonly ArrayBuffer[] = [];

/** The thread at the other end. What it says goes to whoever asked, and what else it posts to `onPayload`. */
export class Peer {
  readonly #worker: Worker;
  readonly #answers: PeerAnswer[] = [];
  #wanted: { kind: string; resolve: (answer: PeerAnswer) => void; reject: (error: Error) => void } | null =
    null;
  #failure: Error | null = null;
  onPayload: (payload: unknown) => void = () => {};

  /** @param program of a Worker, within the folder of suites as built */
  constructor(program: string, workerData?: unknown) {
    this.#worker = new Worker(join(PROGRAMS, program), { workerData });
    this.#worker.on('message', (message: object | PeerAnswer) => {
      if ('kind' in message) this.#take(message);
      else this.onPayload(message);
    });
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread of ${program} ended with ${code}`)));
  }

  /** The next answer of that kind. One is waited for at a time. */
  answer<Kind extends PeerAnswer['kind']>(kind: Kind): Promise<Extract<PeerAnswer, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      this.#wanted = { kind, resolve: resolve as (answer: PeerAnswer) => void, reject };
      if (this.#failure !== null) this.#fail(this.#failure);
      const early = this.#answers.findIndex((each) => each.kind === kind);
      if (early >= 0) this.#take(this.#answers.splice(early, 1)[0]);
    });
  }

  /** Resolves when the peer has taken the task. */
  give(task: PeerTask): Promise<Extract<PeerAnswer, { kind: 'taken' }>> {
    this.#worker.postMessage(task);
    return this.answer('taken');
  }

  post(payload: Uint8Array, transferred: readonly ArrayBuffer[] = NOTHING): void {
    this.#worker.postMessage(payload, transferred);
  }

  async stop(): Promise<void> {
    // Its end is no failure from here on. A thread that has ended already emits no further `exit` to wait for.
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  #take(answer: PeerAnswer): void {
    const wanted = this.#wanted;
    if (wanted === null || wanted.kind !== answer.kind) {
      this.#answers.push(answer);
      return;
    }
    this.#wanted = null;
    wanted.resolve(answer);
  }

  #fail(error: Error): void {
    this.#failure = error;
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.reject(error);
  }
}
