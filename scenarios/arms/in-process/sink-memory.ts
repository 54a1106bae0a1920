import { LatencyHistogram } from './latency-histogram.js';
import { isFillerIntact, isSampled, type PayloadReader, readTime } from './message-words.js';
import { SequenceLedger } from './sequence-ledger.js';
import { monotonicNs } from './thread-clock.js';

/** Memory of a sink that both threads see. */
export interface SinkMemory {
  ledger: SharedArrayBuffer;
  latency: SharedArrayBuffer;
  bounds: SharedArrayBuffer;
}

/**
 * Where one-way messages end: counts each, reads in full those that are checked, and measures how long the timed ones
 * took. Taken on the receiving thread; the other one reads.
 */
export class Sink {
  readonly ledger: SequenceLedger;
  readonly latency: LatencyHistogram;
  /** Messages that left, or were meant to leave, from the first to before the second of these times are measured. */
  readonly bounds: Float64Array;
  readonly #checksAll: boolean;

  constructor(checksAll = false, memory?: SinkMemory) {
    this.#checksAll = checksAll;
    this.ledger = new SequenceLedger(checksAll, memory?.ledger);
    this.latency = new LatencyHistogram(memory?.latency);
    this.bounds = new Float64Array(memory?.bounds ?? new SharedArrayBuffer(16));
  }

  get memory(): SinkMemory {
    const { ledger, latency, bounds } = this;
    return {
      ledger: ledger.memory,
      latency: latency.memory,
      bounds: bounds.buffer as SharedArrayBuffer,
    };
  }

  take(slot: number, reader: PayloadReader): void {
    const key = reader.getUint32(0, true) | 0;
    const token = reader.getUint32(4, true) | 0;
    const sequence = reader.getUint32(8, true);
    const { ledger } = this;
    if (!ledger.isChecked(key, sequence)) {
      ledger.postpone(slot, key, token, sequence);
      return;
    }
    ledger.settle();
    if (ledger.take(slot, key, token, sequence)) this.#check(key, token, sequence, reader);
  }

  #check(key: number, token: number, sequence: number, reader: PayloadReader): void {
    if (!isFillerIntact(reader, token)) this.ledger.noteCorrupted();
    if (this.#checksAll && !isSampled(key, sequence)) return;
    const leftNs = readTime(reader);
    if (leftNs >= this.bounds[0] && leftNs < this.bounds[1]) this.latency.record(monotonicNs() - leftNs);
  }
}
