/** Sessions whose other end is a script on the same thread, which can do to one message what must not happen. */
import { CounterReply } from '../../counter-reply.js';
import type { LoadConnector, LoadEnds, LoadEvents } from '../load-ends.js';
import type { PayloadReader } from '../message-words.js';
import type { Sink } from '../sink-memory.js';

export type Fault =
  | 'drop'
  | 'duplicate'
  | 'reorder'
  | 'corrupt-first-word'
  | 'corrupt-last-word'
  | 'misdirect'
  | 'close';

export interface Script {
  reply: 'counter' | 'forward' | Sink;
  fault?: Fault;
  /** Number of the message that it happens to, from 0 over all sessions. */
  at?: number;
}

class Bytes implements PayloadReader {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  get length(): number {
    return this.#words.byteLength;
  }

  getUint32(offset: number): number {
    return this.#words[offset / 4];
  }

  payload(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }
}

class ScriptedEnds implements LoadEnds {
  words = new Int32Array(0);
  readonly #script: Script;
  readonly #sessions: number;
  readonly #events: LoadEvents;
  readonly #counters = new Map<number, number>();
  #waiting: { index: number; words: Uint32Array }[] = [];
  #held: { index: number; words: Uint32Array } | undefined;
  #number = 0;

  constructor(script: Script, sessions: number, events: LoadEvents) {
    this.#script = script;
    this.#sessions = sessions;
    this.#events = events;
  }

  prepare(payloadBytes: number): void {
    this.words = new Int32Array(payloadBytes / 4);
  }

  send(index: number): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#deliver());
    this.#waiting.push({ index, words: this.#processed(index, Uint32Array.from(this.words)) });
  }

  reconnects = 0;

  async reconnect(): Promise<void> {
    this.reconnects += 1;
  }

  async close(): Promise<void> {}

  #deliver(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) {
      const hits = this.#number === (this.#script.at ?? 0);
      this.#number += 1;
      for (const each of hits ? this.#faulty(message) : [message]) this.#arrive(each.index, each.words);
      // What was held back comes behind the next one of its session.
      if (!hits && this.#held?.index === message.index) {
        const { index, words } = this.#held;
        this.#held = undefined;
        this.#arrive(index, words);
      }
    }
  }

  #faulty(message: { index: number; words: Uint32Array }): { index: number; words: Uint32Array }[] {
    const { words } = message;
    switch (this.#script.fault) {
      case 'drop':
        return [];
      case 'duplicate':
        return [message, message];
      case 'reorder':
        this.#held = message;
        return [];
      case 'corrupt-first-word':
        words[0] ^= 1;
        return [message];
      case 'corrupt-last-word':
        words[words.length - 1] ^= 1;
        return [message];
      case 'misdirect':
        return [{ index: (message.index + 1) % this.#sessions, words }];
      case 'close':
        this.#events.onClosed(message.index, 'planned by the test');
        return [];
      default:
        return [message];
    }
  }

  /** What the server makes of a request, in the order of the requests. */
  #processed(index: number, words: Uint32Array): Uint32Array {
    if (this.#script.reply !== 'counter') return words;
    const counter = (this.#counters.get(index) ?? 0) + 1;
    this.#counters.set(index, counter);
    return new Uint32Array(new CounterReply().write(counter, words[0], words[1]).slice().buffer);
  }

  #arrive(index: number, words: Uint32Array): void {
    const { reply } = this.#script;
    if (typeof reply === 'string') {
      this.#events.onMessage(index, new Bytes(words));
      return;
    }
    reply.take(index, new Bytes(words));
    reply.ledger.publish();
  }
}

export function scriptedConnector(script: Script): LoadConnector {
  return { connect: async (_url, sessions, _seed, events) => new ScriptedEnds(script, sessions, events) };
}
