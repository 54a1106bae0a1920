import type { LoadEnds } from './load-ends.js';
import { isSampled, sessionKey, tokenOf, writeFiller, writeTime } from './message-words.js';
import { monotonicNs } from './thread-clock.js';

/** What sets the keys of a session's lives apart; odd, and far from small multiples. */
const LIFE_STEP = 0x7feb352d;

/** Writes and sends the messages of one group, each session's numbered from 0. */
export class MessageSender {
  /** Messages sent by each session since it was opened. */
  readonly sent: Uint32Array;
  /** Messages sent by all sessions. */
  total = 0;
  /** Whether every byte of every message is written, or of one in 64. */
  writesAll = false;
  readonly #ends: LoadEnds;
  readonly #seed: number;
  /** How often each session was opened anew; without any where none ever is. */
  #lives: Uint16Array | null = null;

  constructor(ends: LoadEnds, sessions: number, seed: number) {
    this.#ends = ends;
    this.#seed = seed;
    this.sent = new Uint32Array(sessions);
  }

  keyOf(index: number): number {
    return this.#lives === null ? sessionKey(this.#seed, index) : this.#keyOfLife(index, this.#lives[index]);
  }

  /** The session is another one from now on, with a key of its own. */
  reopen(index: number): void {
    this.#lives ??= new Uint16Array(this.sent.length);
    this.#lives[index] += 1;
    this.sent[index] = 0;
  }

  #keyOfLife(index: number, life: number): number {
    return sessionKey((this.#seed + Math.imul(life, LIFE_STEP)) | 0, index);
  }

  /**
   * Sends the next message of a session.
   * @param meantNs when it was meant to leave; 0: now
   * @returns whether it is one that is timed
   */
  send(index: number, meantNs: number): boolean {
    const sequence = this.sent[index];
    this.sent[index] = sequence + 1;
    this.total += 1;
    const key = this.keyOf(index);
    const token = tokenOf(key, sequence);
    const { words } = this.#ends;
    words[0] = key;
    words[1] = token;
    words[2] = sequence;
    const sampled = isSampled(key, sequence);
    if (sampled || this.writesAll) {
      writeFiller(words, token);
      writeTime(words, sampled ? meantNs || monotonicNs() : 0);
    }
    this.#ends.send(index);
    return sampled;
  }
}
