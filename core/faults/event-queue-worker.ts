/**
 * One thread of a test of {@link EventQueue}; `workerData` says what it does. Records are two words: who pushed it, and
 * which of its records it is.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { EventQueue } from '../event-queue.js';

export interface EventQueueTask {
  /** `hold` keeps an end and does nothing; `churn` pushes and pops until it is stopped. */
  role: 'push' | 'pop' | 'hold' | 'churn';
  handle: number;
  /** Of those who push, from 0 on. */
  producer: number;
  producers: number;
  /** Records that each producer pushes. */
  share: number;
  batch: number;
}

export interface PopReport {
  /** Records taken of each producer. */
  counts: number[];
  /** Sums of their numbers. */
  sums: number[];
  isRising: boolean;
}

const task = workerData as EventQueueTask;
const queue = EventQueue.attach(task.handle);
const words = new Uint32Array(2 * task.batch);
const bytes = new Uint8Array(words.buffer);

function pushShare(): void {
  for (let next = 0; next < task.share; ) {
    const count = Math.min(1 + (next % task.batch), task.share - next);
    for (let i = 0; i < count; i++) {
      words[2 * i] = task.producer;
      words[2 * i + 1] = next + i;
    }
    next += queue.pushMany(bytes.subarray(0, 8 * count));
  }
}

/** Pops until `isEnough`, which is asked when the queue was empty. */
function popAll(isEnough: () => boolean): PopReport {
  const counts = new Array<number>(task.producers).fill(0);
  const sums = new Array<number>(task.producers).fill(0);
  const last = new Array<number>(task.producers).fill(-1);
  let isRising = true;
  for (;;) {
    const count = queue.popMany(bytes);
    if (count === 0 && isEnough()) return { counts, sums, isRising };
    for (let i = 0; i < count; i++) {
      const producer = words[2 * i];
      const number = words[2 * i + 1];
      isRising &&= number > last[producer];
      last[producer] = number;
      counts[producer] += 1;
      sums[producer] += number;
    }
  }
}

if (task.role === 'hold' || task.role === 'churn') parentPort!.postMessage('attached');
if (task.role === 'hold') parentPort!.on('message', () => process.exit(0));
if (task.role === 'churn') for (;;) if (!queue.push(bytes.subarray(0, 8))) queue.popMany(bytes);
if (task.role === 'push') pushShare();
if (task.role === 'pop') {
  const all = task.producers * task.share;
  parentPort!.postMessage(popAll(() => queue.counters().popped === all));
}
