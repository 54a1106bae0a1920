import { hrtime } from 'node:process';
import { Peer } from '../harness/peer.js';
import type { Made, SuiteArm } from '../harness/suite.js';
import { CELL_BACK, CELL_THERE, END, PAYLOAD_WORDS, SHARED_BYTES, WORD_PAYLOAD } from './atomics-layout.js';

/** The rival of those who leave the event loop: `Atomics.wait` on shared memory, which blocks the whole thread. */
export const atomicsWaitArm: SuiteArm = { name: 'rival:atomics-wait', make: makeAtomics };

async function makeAtomics(): Promise<Made> {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const words = new Int32Array(shared);
  const peer = new Peer('mem-transport/atomics-peer.js', shared);
  await peer.answer('ready');
  let sent = 0;
  const run = (count: number) => {
    let faults = 0;
    const startNs = hrtime.bigint();
    for (let done = 0; done < count; done++) {
      sent = (sent + 1) & 0x3fff_ffff;
      for (let word = 0; word < PAYLOAD_WORDS; word++) words[WORD_PAYLOAD + word] = sent;
      const before = Atomics.load(words, CELL_BACK);
      Atomics.store(words, CELL_THERE, sent);
      Atomics.notify(words, CELL_THERE);
      while (Atomics.load(words, CELL_BACK) === before) Atomics.wait(words, CELL_BACK, before);
      if (words[WORD_PAYLOAD + PAYLOAD_WORDS - 1] !== sent) faults += 1;
    }
    const nanoseconds = Math.max(1, Number(hrtime.bigint() - startNs));
    return { nanoseconds, operations: count, faults, threads: 1, figures: {} };
  };
  const release = (): Promise<void> => {
    Atomics.store(words, CELL_THERE, END);
    Atomics.notify(words, CELL_THERE);
    return peer.stop();
  };
  return { workload: { run, release } };
}
