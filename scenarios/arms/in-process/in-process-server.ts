/**
 * A process that holds both ends of its sessions: the server on the main thread, the load on a Worker. It speaks the
 * control protocol (scenarios/harness/CONTROL.md) as a server and as a load generator.
 */
import { Worker } from 'node:worker_threads';
import { serveControl, settle } from '../control-server.js';
import { badCommand, type Command, ControlError } from '../serve-commands.js';
import type { BroadcastPlan } from './broadcast-ticker.js';
import { FRAME_WORDS_MIN } from './frame-words.js';
import type { LoadAnswer, LoadCommand } from './load-worker.js';
import { Sink } from './sink-memory.js';
import { threadId } from './thread-clock.js';

/** What a listener does with what it receives. */
export type ListenerWork =
  | { handler: 'counter' | 'forward' }
  /** One-way messages are given to the sink, by a small number of their session. */
  | { handler: 'sink'; sink: Sink }
  /** The same, and frames are broadcast to the sessions. */
  | { handler: 'broadcast'; sink: Sink; plan: BroadcastPlan };

/** What an arm does on the thread of the server. */
export interface InProcessArm {
  name: string;
  /** File of the Worker that makes the load, beside the arm's own. */
  loadProgram: URL;
  /** @returns the address, which no other listener has */
  listen(url: string, work: ListenerWork, load: Worker): Promise<string>;
  counters(): Record<string, number>;
  close(): Promise<void>;
}

const SESSIONS_MAX = 1_000_000;

/** Says hello and serves commands until the end. */
export function serveInProcess(arm: InProcessArm): void {
  const load = new LoadThread(arm.loadProgram);
  const sinks = new Map<string, Sink>();
  const pass = (command: Command) => load.command(command);
  const commands: Record<string, (command: Command) => Promise<object>> = {
    async listen(command) {
      const { url } = command;
      const work = workOf(command);
      if (typeof url !== 'string') throw badCommand('"url" must be a text such as mem://name');
      const address = await arm.listen(url, work, load.worker);
      if ('sink' in work) sinks.set(address, work.sink);
      return { url: address };
    },
    async connect(command) {
      const { group, url, sessions, seed } = command;
      const isCount = Number.isInteger(sessions) && Number(sessions) >= 1 && Number(sessions) <= SESSIONS_MAX;
      if (typeof group !== 'string' || typeof url !== 'string' || !isCount || !Number.isInteger(seed)) {
        throw badCommand(`connect needs group, url, sessions from 1 to ${SESSIONS_MAX} and seed`);
      }
      return load.command({ ...command, sink: sinks.get(url)?.memory ?? null });
    },
    run: pass,
    histogram: pass,
    ledger: pass,
    disconnect: pass,
    async settle() {
      await load.command({ id: 0, command: 'settle' });
      await settle();
      return {};
    },
  };
  serveControl(
    arm.name,
    {
      listen: () => Promise.reject(new Error('is a command of its own')),
      counters: arm.counters,
      close: arm.close,
    },
    commands,
  );
}

function workOf({ handler, touch, tickHz, groupSize, payloadBytes }: Command): ListenerWork {
  if (handler === 'counter' || handler === 'forward') return { handler };
  if (handler === 'sink') return { handler, sink: new Sink(touch === 'all') };
  if (handler === 'broadcast') {
    const plan = { tickHz: Number(tickHz), groupSize: Number(groupSize), payloadBytes: Number(payloadBytes) };
    const isWhole = plan.payloadBytes >= FRAME_WORDS_MIN * 4 && plan.payloadBytes % 4 === 0;
    if (
      plan.tickHz >= 1 &&
      plan.tickHz <= 1000 &&
      Number.isInteger(plan.groupSize) &&
      plan.groupSize >= 1 &&
      isWhole
    ) {
      return { handler, sink: new Sink(), plan };
    }
    throw badCommand(
      'broadcast needs tickHz from 1 to 1 000, groupSize of 1 or more, payloadBytes in whole words',
    );
  }
  throw badCommand('"handler" must be one of counter, forward, sink, broadcast');
}

/** The Worker that makes the load, one command at a time. */
class LoadThread {
  readonly worker: Worker;
  readonly #waiting = new Map<number, { resolve(answer: object): void; reject(error: Error): void }>();
  #failure: Error | null = null;
  #lastId = 0;

  constructor(program: URL) {
    this.worker = new Worker(program, { workerData: { serverThread: threadId() } });
    this.worker.on('message', (answer: LoadAnswer) => this.#settle(answer));
    this.worker.on('error', (error) => this.#fail(error as Error));
    this.worker.on('exit', (code) => this.#fail(new Error(`the thread of the load ended with ${code}`)));
  }

  command(command: Command): Promise<object> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...command, id } satisfies LoadCommand);
    });
  }

  #settle(answer: LoadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting.reject(new ControlError(answer.error.code, answer.error.message));
    else waiting.resolve(answer.answer);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
