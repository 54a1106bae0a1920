import { hrtime } from 'node:process';
import { Peer } from '../harness/peer.js';
import type { Made, Measured, SuiteArm, SuiteParameters } from '../harness/suite.js';
import { type PayloadShape, payloadShape, wordsOf, writePayload } from './payload-words.js';
import {
  CELL_END,
  CELL_FAULTS,
  CELL_READ,
  CELL_WRITTEN,
  CONTROL_BYTES,
  slotCount,
  slotsOf,
} from './shared-layout.js';

/**
 * A ring in a SharedArrayBuffer as one writes it by hand: the payload is copied in, and read where it lies. Both threads
 * leave their event loops and block in `Atomics.wait`, which is the quickest that JavaScript has.
 */
export const sharedCopyArm: SuiteArm = { name: 'rival:shared-copy', make: makeShared };

/** What is handed to the thread at the other end. */
export interface SharedPeerData extends PayloadShape {
  shared: SharedArrayBuffer;
}

async function makeShared(parameters: SuiteParameters): Promise<Made> {
  const shape = payloadShape(parameters);
  const shared = new SharedArrayBuffer(CONTROL_BYTES + slotCount(shape.bytes) * shape.bytes);
  const data: SharedPeerData = { ...shape, shared };
  const peer = new Peer('zero-copy-transfer/shared-peer.js', data);
  await peer.answer('ready');
  const cells = new Int32Array(shared, 0, CONTROL_BYTES / 4);
  const slots = slotsOf(shared, shape.bytes);
  const source = new Uint8Array(shape.bytes);
  const words = wordsOf(source);
  let written = 0;

  const waitUntilRead = (unreadMax: number): void => {
    for (;;) {
      const read = Atomics.load(cells, CELL_READ);
      if (((written - read) | 0) <= unreadMax) return;
      Atomics.wait(cells, CELL_READ, read);
    }
  };
  const run = (count: number): Measured => {
    const faultsBefore = Atomics.load(cells, CELL_FAULTS);
    const startNs = hrtime.bigint();
    for (let index = 0; index < count; index++) {
      writePayload(words, written, shape);
      waitUntilRead(slots.length - 1);
      slots[written & (slots.length - 1)].set(source);
      written = (written + 1) | 0;
      Atomics.store(cells, CELL_WRITTEN, written);
      Atomics.notify(cells, CELL_WRITTEN);
    }
    waitUntilRead(0);
    const nanoseconds = Math.max(1, Number(hrtime.bigint() - startNs));
    const faults = Atomics.load(cells, CELL_FAULTS) - faultsBefore;
    return { nanoseconds, operations: count, faults, threads: 1, figures: {} };
  };
  const release = (): Promise<void> => {
    Atomics.store(cells, CELL_END, 1);
    Atomics.store(cells, CELL_WRITTEN, (written + 1) | 0);
    Atomics.notify(cells, CELL_WRITTEN);
    return peer.stop();
  };
  return { workload: { run, release } };
}
