import { parentPort, workerData } from 'node:worker_threads';
import type { PeerAnswer } from '../harness/peer-protocol.js';
import { faultIn } from './payload-words.js';
import type { SharedPeerData } from './shared.js';
import {
  CELL_END,
  CELL_FAULTS,
  CELL_READ,
  CELL_WRITTEN,
  CONTROL_BYTES,
  slotsOf,
  waitWhile,
} from './shared-layout.js';

/** The reader of the ring in a SharedArrayBuffer. */

const data = workerData as SharedPeerData;
const cells = new Int32Array(data.shared, 0, CONTROL_BYTES / 4);
const slots = slotsOf(data.shared, data.bytes);
let read = 0;
parentPort?.postMessage({ kind: 'ready', url: '' } satisfies PeerAnswer);

for (;;) {
  const written = Atomics.load(cells, CELL_WRITTEN);
  if (written === read) {
    // Between two runs there is nothing to read for as long as the other arms take.
    waitWhile(cells, CELL_WRITTEN, written, Number.POSITIVE_INFINITY);
    continue;
  }
  if (Atomics.load(cells, CELL_END) === 1) break;
  const fault = faultIn(slots[read & (slots.length - 1)], read, data);
  if (fault !== 0) Atomics.add(cells, CELL_FAULTS, fault);
  read = (read + 1) | 0;
  Atomics.store(cells, CELL_READ, read);
  Atomics.notify(cells, CELL_READ);
}
