/**
 * What idle sessions in the process cost, both ends. Prints bytes per session, of the whole process and of V8's heap.
 * Arguments: sessions; `worker` to have the other ends in a Worker. Needs `--expose-gc`; with `--max-semi-space-size=1`
 * the collector keeps little in hand.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const sessions = Number(process.argv[2]);
const isAcross = process.argv[3] === 'worker';

/** Resident, heap, and memory of ArrayBuffers, after both threads have collected what can be collected. */
async function measure(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 5; round += 1) {
    (globalThis as unknown as { gc(): void }).gc();
    worker?.postMessage('collect');
    if (worker !== undefined) await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage();
}

await using client = await HighPerformanceTransport.create();
let worker: Worker | undefined;
let server: HighPerformanceTransport | undefined;
if (isAcross) {
  const workerData = { name: 'idle' };
  worker = new Worker(new URL('./idle-worker.js', import.meta.url), { workerData });
  await once(worker, 'message');
} else {
  server = await HighPerformanceTransport.create();
  await server.listen('mem://idle');
}
// What the first session brings is not the price of the others.
const first = await client.connect('mem://idle');
const before = await measure();
// The ids are the caller's to keep: two words of a number array each, and not the session's.
await client.connectMany('mem://idle', sessions);
const after = await measure();
const open = client.counters().sessionsOpen;
const per = (key: 'rss' | 'heapUsed' | 'arrayBuffers') =>
  Math.round(((after[key] - before[key]) / sessions) * 10) / 10;
say({ open, rss: per('rss'), heapUsed: per('heapUsed'), arrayBuffers: per('arrayBuffers') });
await first.close();
await worker?.terminate();
await server?.close({ drainTimeoutMs: 0 });
