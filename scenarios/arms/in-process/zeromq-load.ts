/** The load of the arm `rival:zeromq`: a pair of sockets for each group. */
import { MessageChannel, type MessagePort, parentPort } from 'node:worker_threads';
import { createRandom } from '../../harness/statistics/random.js';
import { openZeromqPair, type ZeromqPair } from '../../rivals/zeromq-pair.js';
import type { LoadConnector, LoadEnds, LoadEvents } from './load-ends.js';
import { serveLoad } from './load-worker.js';
import {
  COPIED_BYTES_MAX,
  MultipartSender,
  NUMBER_BYTES,
  PARTS_MAX,
  ZeromqMessage,
  type ZeromqOffer,
} from './zeromq-messages.js';

/** A part that is written before it is sent. */
interface Draft {
  bytes: Uint8Array;
  number: Uint32Array;
  words: Int32Array;
}

function draft(partBytes: number): Draft {
  // Not filled with zeros: what is not written is not looked at.
  const bytes = Buffer.allocUnsafeSlow(partBytes);
  return {
    bytes,
    number: new Uint32Array(bytes.buffer, 0, 1),
    words: new Int32Array(bytes.buffer, NUMBER_BYTES),
  };
}

class ZeromqEnds implements LoadEnds {
  readonly #pair: ZeromqPair;
  readonly #end: MessagePort;
  readonly #sender: MultipartSender;
  /** What a session is called on the way, by its index, and the reverse. */
  readonly #numbers: Uint32Array;
  readonly #indices: Uint32Array;
  #partBytes = NUMBER_BYTES;
  #draft = draft(NUMBER_BYTES);
  /** As many as a multipart message has, so that none is written anew before it was copied. Empty where none is copied. */
  #copied: Draft[] = [];
  #at = 0;

  constructor(pair: ZeromqPair, end: MessagePort, numbers: readonly number[], events: LoadEvents) {
    this.#pair = pair;
    this.#end = end;
    this.#sender = new MultipartSender(pair);
    this.#numbers = Uint32Array.from(numbers);
    this.#indices = new Uint32Array(numbers.length);
    numbers.forEach((number, index) => {
      this.#indices[number] = index;
    });
    end.on('message', () => {
      events.onClosed(0, 'the other end is closing');
      void this.close();
    });
    void this.#receive(events);
  }

  get words(): Int32Array {
    return this.#draft.words;
  }

  prepare(payloadBytes: number): void {
    this.#partBytes = NUMBER_BYTES + payloadBytes;
    this.#sender.prepare(payloadBytes);
    const isCopied = this.#partBytes <= COPIED_BYTES_MAX;
    this.#copied = isCopied ? Array.from({ length: PARTS_MAX }, () => draft(this.#partBytes)) : [];
    this.#take();
  }

  send(index: number): void {
    this.#draft.number[0] = this.#numbers[index];
    this.#sender.add(this.#draft.bytes);
    this.#take();
  }

  /** A session is no more than its number here: nothing is closed, and nothing opened. */
  async reconnect(): Promise<void> {}

  async close(): Promise<void> {
    this.#pair.close();
    this.#end.close();
  }

  #take(): void {
    if (this.#copied.length === 0) {
      this.#draft = draft(this.#partBytes);
      return;
    }
    this.#at = this.#at + 1 === PARTS_MAX ? 0 : this.#at + 1;
    this.#draft = this.#copied[this.#at];
  }

  async #receive(events: LoadEvents): Promise<void> {
    const message = new ZeromqMessage();
    for await (const parts of this.#pair) {
      for (const part of parts) {
        message.part = part;
        events.onMessage(this.#indices[message.number], message);
      }
    }
  }
}

let groups = 0;

const connector: LoadConnector = {
  async connect(url, sessions, seed, events) {
    const pair = openZeromqPair();
    groups += 1;
    const address = `inproc://load-${groups}`;
    await pair.bind(address);
    const { port1, port2 } = new MessageChannel();
    parentPort?.postMessage({ offer: url, address, end: port2 } satisfies ZeromqOffer, [port2]);
    const inOrder = Array.from({ length: sessions }, (_, number) => number);
    return new ZeromqEnds(pair, port1, createRandom(seed).shuffled(inOrder), events);
  },
};

serveLoad(connector);
