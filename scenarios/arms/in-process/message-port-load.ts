/** The load of the arm `rival:message-port`: one port for each group. */
import { MessageChannel, type MessagePort, parentPort } from 'node:worker_threads';
import { createRandom } from '../../harness/statistics/random.js';
import type { LoadConnector, LoadEnds, LoadEvents } from './load-ends.js';
import { serveLoad } from './load-worker.js';
import { PortMessage, type PortOffer, TRANSFER_BYTES_MIN } from './port-words.js';

class PortEnds implements LoadEnds {
  words: Int32Array = new Int32Array(0);
  readonly #port: MessagePort;
  /** What a session is called on the way, by its index, and the reverse. */
  readonly #numbers: Uint32Array;
  readonly #indices: Uint32Array;
  #whole = new Int32Array(1);
  #transfers = false;
  #isOpen = true;

  constructor(port: MessagePort, numbers: readonly number[], events: LoadEvents) {
    this.#port = port;
    this.#numbers = Uint32Array.from(numbers);
    this.#indices = new Uint32Array(numbers.length);
    numbers.forEach((number, index) => {
      this.#indices[number] = index;
    });
    port.on('message', (buffer: ArrayBuffer) => {
      const message = new PortMessage(buffer);
      events.onMessage(this.#indices[message.index], message);
    });
    port.on('close', () => {
      if (this.#isOpen) events.onClosed(0, 'the port was closed');
    });
  }

  prepare(payloadBytes: number): void {
    this.#transfers = payloadBytes >= TRANSFER_BYTES_MIN;
    this.#take(payloadBytes);
  }

  send(index: number): void {
    this.#whole[0] = this.#numbers[index];
    const { buffer } = this.#whole;
    if (!this.#transfers) {
      this.#port.postMessage(buffer);
      return;
    }
    const { byteLength } = this.words;
    this.#port.postMessage(buffer, [buffer as ArrayBuffer]);
    this.#take(byteLength);
  }

  /** A session is no more than its number here: nothing is closed, and nothing opened. */
  async reconnect(): Promise<void> {}

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#port.close();
  }

  #take(payloadBytes: number): void {
    this.#whole = new Int32Array(1 + payloadBytes / 4);
    this.words = this.#whole.subarray(1);
  }
}

const connector: LoadConnector = {
  async connect(url, sessions, seed, events) {
    const { port1, port2 } = new MessageChannel();
    parentPort?.postMessage({ offer: url, port: port2 } satisfies PortOffer, [port2]);
    const inOrder = Array.from({ length: sessions }, (_, number) => number);
    return new PortEnds(port1, createRandom(seed).shuffled(inOrder), events);
  },
};

serveLoad(connector);
