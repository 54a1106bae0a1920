import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EchoResult, EchoTask, EndAnswer, EndData } from './echo-protocol.js';

/** A window takes a tenth of a second. What is not back by then was lost, and waiting for it would hide that. */
const ANSWER_MS_MAX = 10_000;

/** A thread of a pair, as the process sees it. One answer is waited for at a time. */
export class EchoEnd {
  readonly #worker: Worker;
  readonly #name: string;
  #settle: { resolve: (answer: EndAnswer) => void; reject: (error: Error) => void } | null = null;
  #failure: Error | null = null;

  constructor(program: 'echo-server.js' | 'echo-client.js', data: EndData) {
    this.#name = program;
    this.#worker = new Worker(new URL(program, import.meta.url), { workerData: data });
    this.#worker.on('message', (answer: EndAnswer) => this.#settle?.resolve(answer));
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread of ${program} ended with ${code}`)));
  }

  /** Resolves when the end is up. */
  async ready(): Promise<{ threadId: number; url: string }> {
    const answer = await this.#answer();
    if (answer.kind !== 'ready') throw new Error(`${this.#name} answered ${answer.kind} before it was ready`);
    return answer;
  }

  /** Resolves with what the client did when every message is back. */
  async echo(task: EchoTask): Promise<EchoResult> {
    const answered = this.#answer();
    this.#worker.postMessage(task);
    const answer = await answered;
    if (answer.kind !== 'done') throw new Error(`${this.#name} answered ${answer.kind} to a task`);
    return answer;
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    if (this.#failure !== null) return;
    const exited = once(this.#worker, 'exit');
    await this.#worker.terminate();
    await exited;
  }

  async #answer(): Promise<EndAnswer> {
    if (this.#failure !== null) throw this.#failure;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<EndAnswer>((resolve, reject) => {
        this.#settle = { resolve, reject };
        const late = `${this.#name}: no answer within ${ANSWER_MS_MAX / 1_000} s: a message was lost, or the thread hangs`;
        timer = setTimeout(() => reject(new Error(late)), ANSWER_MS_MAX);
      });
    } finally {
      clearTimeout(timer);
      this.#settle = null;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settle?.reject(error);
  }
}
