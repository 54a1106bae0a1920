/**
 * What goes over a pair of ZeroMQ sockets for many sessions: each message is a part, with the session's number in the first
 * word and then the payload. Parts that are sent in one turn leave as one multipart message.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ZeromqPair } from '../../rivals/zeromq-pair.js';
import type { PayloadReader } from './message-words.js';

/** What stands before a payload. */
export const NUMBER_BYTES = 4;
/** Up to here the package copies what it sends, so that the buffer can be used again; longer ones it keeps. */
export const COPIED_BYTES_MAX = 128;
/** Parts of one multipart message at most: so many share the price of a send and of a receive. */
export const PARTS_MAX = 256;
/** Long parts leave in smaller numbers, so that one end works on some while the other fills the next. */
const MULTIPART_BYTES_MAX = 256 * 1024;

/** Announces the address of a group to the thread that listens. */
export interface ZeromqOffer {
  offer: string;
  address: string;
  /** Closed when the load's socket is; a message on it asks for that. */
  end: MessagePort;
}

/** Parts with payloads of this length in one multipart message. */
export function partsMaxOf(payloadBytes: number): number {
  return Math.max(1, Math.min(PARTS_MAX, Math.floor(MULTIPART_BYTES_MAX / payloadBytes)));
}

/** Reads one part after the other. */
export class ZeromqMessage implements PayloadReader {
  part: Buffer = Buffer.alloc(NUMBER_BYTES);

  /** Of the session. */
  get number(): number {
    return this.part.readUInt32LE(0);
  }

  get length(): number {
    return this.part.length - NUMBER_BYTES;
  }

  getUint32(offset: number): number {
    return this.part.readUInt32LE(NUMBER_BYTES + offset);
  }

  payload(): Uint8Array {
    return this.part.subarray(NUMBER_BYTES);
  }
}

/** Gathers parts and sends them when there are enough, or when whoever makes them has ended its turn. */
export class MultipartSender {
  readonly #pair: Pick<ZeromqPair, 'send' | 'closed'>;
  readonly #flush = (): void => this.#send();
  #parts: Uint8Array[] = [];
  #partsMax = PARTS_MAX;

  constructor(pair: Pick<ZeromqPair, 'send' | 'closed'>) {
    this.#pair = pair;
  }

  prepare(payloadBytes: number): void {
    this.#partsMax = partsMaxOf(payloadBytes);
  }

  add(part: Uint8Array): void {
    // A microtask: when the loop is asked instead, parts lie until it has gone round.
    if (this.#parts.length === 0) queueMicrotask(this.#flush);
    this.#parts.push(part);
    if (this.#parts.length === this.#partsMax) this.#send();
  }

  #send(): void {
    if (this.#parts.length === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    // The process is about to end, and the group knows that it has lost its sessions.
    if (this.#pair.closed) return;
    // What is refused rejects, and is caught by nobody: it ends the arm, with what the package says.
    void this.#pair.send(parts);
  }
}
