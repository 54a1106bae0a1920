/**
 * What goes over a MessagePort for many sessions: an ArrayBuffer with the session's index in the first word, then the
 * payload. A buffer is cloned with less work than a view of it, or than an object that has both.
 */
import type { MessagePort } from 'node:worker_threads';
import type { PayloadReader } from './message-words.js';

/** From here on a buffer is transferred: below, a copy costs less than a buffer that has to be made for each message. */
export const TRANSFER_BYTES_MIN = 16 * 1024;

/** Reads one message that came over a port. */
export class PortMessage implements PayloadReader {
  readonly index: number;
  readonly #words: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.index = this.#words[0];
  }

  get length(): number {
    return (this.#words.length - 1) * 4;
  }

  getUint32(offset: number): number {
    return this.#words[1 + (offset >>> 2)] >>> 0;
  }

  payload(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 4);
  }
}

/** Announces a port of a group to the thread that listens. */
export interface PortOffer {
  offer: string;
  port: MessagePort;
}
