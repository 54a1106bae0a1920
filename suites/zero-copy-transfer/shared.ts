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
  waitWhile,
} from './shared-layout.js';

/**
 * A ring in a SharedArrayBuffer as one writes it by hand, read where the payload lies. Both threads leave their event
 * loops and wait on its words, which is the quickest that JavaScript has.
 */
export interface SharedWay {
  /** Whether the payload is copied in from memory of the sender's, or made in the ring. */
  copies: boolean;
}

/** What is handed to the thread at the other end. */
export interface SharedPeerData extends PayloadShape {
  shared: SharedArrayBuffer;
}

/** A run takes milliseconds. A reader that takes nothing for so long has ended, and cannot say so to a thread that blocks. */
const WAIT_MS_MAX = 10_000;

export function sharedArm(name: string, way: SharedWay): SuiteArm {
  return { name, make: (parameters) => makeShared(way, parameters) };
}

async function makeShared({ copies }: SharedWay, parameters: SuiteParameters): Promise<Made> {
  const shape = payloadShape(parameters);
  const shared = new SharedArrayBuffer(CONTROL_BYTES + slotCount(shape.bytes) * shape.bytes);
  const data: SharedPeerData = { ...shape, shared };
  const peer = new Peer('zero-copy-transfer/shared-peer.js', data);
  await peer.answer('ready');
  const cells = new Int32Array(shared, 0, CONTROL_BYTES / 4);
  const slots = slotsOf(shared, shape.bytes);
  const slotWords = slots.map(wordsOf);
  const source = new Uint8Array(shape.bytes);
  const sourceWords = wordsOf(source);
  let written = 0;

  const waitUntilRead = (unreadMax: number): void => {
    for (;;) {
      const read = Atomics.load(cells, CELL_READ);
      if (((written - read) | 0) <= unreadMax) return;
      if (!waitWhile(cells, CELL_READ, read, WAIT_MS_MAX)) {
        throw new Error(`the reader took no payload for ${WAIT_MS_MAX / 1_000} s`);
      }
    }
  };
  const run = (count: number): Measured => {
    const faultsBefore = Atomics.load(cells, CELL_FAULTS);
    const cpuBefore = process.cpuUsage();
    const startNs = hrtime.bigint();
    for (let index = 0; index < count; index++) {
      if (copies) writePayload(sourceWords, written, shape);
      waitUntilRead(slots.length - 1);
      const slot = written & (slots.length - 1);
      if (copies) slots[slot].set(source);
      else writePayload(slotWords[slot], written, shape);
      written = (written + 1) | 0;
      Atomics.store(cells, CELL_WRITTEN, written);
      Atomics.notify(cells, CELL_WRITTEN);
    }
    waitUntilRead(0);
    const nanoseconds = Math.max(1, Number(hrtime.bigint() - startNs));
    const cpu = process.cpuUsage(cpuBefore);
    const cpuNanoseconds = (cpu.user + cpu.system) * 1_000;
    const faults = Atomics.load(cells, CELL_FAULTS) - faultsBefore;
    return { nanoseconds, operations: count, faults, threads: 1, cpuNanoseconds, figures: {} };
  };
  const release = (): Promise<void> => {
    Atomics.store(cells, CELL_END, 1);
    Atomics.store(cells, CELL_WRITTEN, (written + 1) | 0);
    Atomics.notify(cells, CELL_WRITTEN);
    return peer.stop();
  };
  return { workload: { run, release } };
}
