import type { LoadEnds } from './load-ends.js';
import { isSampled, sessionKey, tokenOf, writeFiller, writeTime } from './message-words.js';
import { monotonicNs } from './thread-clock.js';

/** Writes and sends the messages of one group, each session's numbered from 0. */
export class MessageSender {
  /** Messages sent by each session. */
  readonly sent: Uint32Array;
  /** Messages sent by all sessions. */
  total = 0;
  /** Whether every byte of every message is written, or of one in 64. */
  writesAll = false;
  readonly #ends: LoadEnds;
  readonly #seed: number;

  constructor(ends: LoadEnds, sessions: number, seed: number) {
    this.#ends = ends;
    this.#seed = seed;
    this.sent = new Uint32Array(sessions);
  }

  keyOf(index: number): number {
    return sessionKey(this.#seed, index);
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
    const key = sessionKey(this.#seed, index);
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
