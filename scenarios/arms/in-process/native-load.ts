/** The load of the arm `native`: one transport for each group. */
import { HighPerformanceTransport, type Session, type SessionId } from '../../../core/index.js';
import { createRandom } from '../../harness/statistics/random.js';
import type { LoadConnector, LoadEnds, LoadEvents } from './load-ends.js';
import { serveLoad } from './load-worker.js';
import { NATIVE_OPTIONS } from './native-options.js';

/** From here on a message is filled in memory of the engine and handed over as it lies. */
const HAND_OVER_BYTES_MIN = 16 * 1024;

class NativeEnds implements LoadEnds {
  words: Int32Array = new Int32Array(0);
  readonly #transport: HighPerformanceTransport;
  readonly #url: string;
  readonly #ids: SessionId[];
  readonly #onClose: (session: Session, reason: { message: string }) => void;
  readonly #events: LoadEvents;
  #bytes: Uint8Array = new Uint8Array(0);
  #handsOver = false;
  /** Sessions that this side is closing. */
  readonly #closing = new Set<SessionId>();
  /** Index of a session by its slot; made when there is traffic, so that idle sessions do without. */
  #indexOfSlot = new Int32Array(0);

  constructor(transport: HighPerformanceTransport, url: string, ids: SessionId[], events: LoadEvents) {
    this.#transport = transport;
    this.#url = url;
    this.#ids = ids;
    this.#events = events;
    this.#onClose = ({ id }, { message }) => {
      if (!this.#closing.delete(id)) events.onClosed(ids.indexOf(id), message);
    };
    transport.on('close', this.#onClose);
  }

  prepare(payloadBytes: number): void {
    this.#ids.forEach((id, index) => {
      this.#note(id, index);
    });
    this.#transport.onBatch((batch) => {
      for (const message of batch) this.#events.onMessage(this.#indexOfSlot[message.sessionSlot], message);
    });
    this.#handsOver = payloadBytes >= HAND_OVER_BYTES_MIN;
    this.#takeBuffer(this.#handsOver ? this.#transport.allocate(payloadBytes) : new Uint8Array(payloadBytes));
  }

  lookAhead(begin: number, end: number): void {
    this.#transport.lookAhead(this.#ids, begin, end);
  }

  send(index: number): void {
    if (!this.#handsOver) {
      this.#transport.send(this.#ids[index], this.#bytes);
      return;
    }
    const { length } = this.#bytes;
    this.#transport.send(this.#ids[index], this.#bytes, { handOver: true });
    this.#takeBuffer(this.#transport.allocate(length));
  }

  async reconnect(indices: readonly number[]): Promise<void> {
    const closed: Promise<void>[] = [];
    for (const index of indices) {
      const id = this.#ids[index];
      const session = this.#transport.session(id);
      if (session === undefined) continue;
      this.#closing.add(id);
      closed.push(session.close());
    }
    const opened = await this.#transport.connectMany(this.#url, indices.length);
    opened.forEach((id, at) => {
      this.#ids[indices[at]] = id;
      this.#note(id, indices[at]);
    });
    await Promise.all(closed);
  }

  async close(): Promise<void> {
    this.#transport.off('close', this.#onClose);
    await this.#transport.close({ drainTimeoutMs: 0 });
  }

  #note(id: SessionId, index: number): void {
    const slot = this.#transport.sessionSlot(id);
    if (slot >= this.#indexOfSlot.length) {
      const larger = new Int32Array(Math.max(2 * this.#indexOfSlot.length, slot + 1));
      larger.set(this.#indexOfSlot);
      this.#indexOfSlot = larger;
    }
    this.#indexOfSlot[slot] = index;
  }

  #takeBuffer(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
}

const connector: LoadConnector = {
  async connect(url, sessions, seed, events) {
    const transport = await HighPerformanceTransport.create(NATIVE_OPTIONS);
    try {
      const ids = createRandom(seed).shuffled(await transport.connectMany(url, sessions));
      return new NativeEnds(transport, url, ids, events);
    } catch (error) {
      await transport.close();
      throw error;
    }
  },
};

serveLoad(connector);
