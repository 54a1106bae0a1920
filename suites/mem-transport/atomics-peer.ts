import { parentPort, workerData } from 'node:worker_threads';
import { CELL_BACK, CELL_THERE, END, PAYLOAD_WORDS, WORD_PAYLOAD } from './atomics-layout.js';

/** The other end of a SharedArrayBuffer: sleeps until the number of the next message is written, answers, sleeps again. */

const words = new Int32Array(workerData as SharedArrayBuffer);
const received = new Int32Array(PAYLOAD_WORDS);
parentPort?.postMessage({ kind: 'ready', url: '' });
for (let last = 0; ; ) {
  Atomics.wait(words, CELL_THERE, last);
  const number = Atomics.load(words, CELL_THERE);
  if (number === END) break;
  if (number === last) continue;
  last = number;
  for (let word = 0; word < PAYLOAD_WORDS; word++) received[word] = words[WORD_PAYLOAD + word];
  for (let word = 0; word < PAYLOAD_WORDS; word++) words[WORD_PAYLOAD + word] = received[word];
  Atomics.store(words, CELL_BACK, number);
  Atomics.notify(words, CELL_BACK);
}
