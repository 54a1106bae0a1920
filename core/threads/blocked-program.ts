/**
 * JavaScript that computes while reactors on threads of their own are flooded. Prints what it saw. Arguments: milliseconds,
 * threads.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Flood } from './flooding-worker.js';

const [blockMs, workersPerNumaNode] = process.argv.slice(2).map(Number);
const SESSIONS = 6;
const MESSAGES = 10_000;
const MESSAGE_BYTES = 4_096;

const server = await HighPerformanceTransport.create({ workersPerNumaNode });
const next = new Uint32Array(SESSIONS);
let faults = 0;
let arrived = 0;
let closes = 0;
server.on('close', () => {
  closes += 1;
});
let isBlocked = false;
let memory = 0;
let blocksLent = 0;
function block(): void {
  isBlocked = true;
  const before = process.memoryUsage.rss();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  memory = process.memoryUsage.rss() - before;
  blocksLent = server.counters().deliveryBlocksLent;
}
server.onBatch((batch) => {
  for (const message of batch) {
    const index = message.getUint32(0, true);
    if (message.getUint32(4, true) !== next[index]) faults += 1;
    next[index] += 1;
    arrived += 1;
  }
  if (!isBlocked && arrived > MESSAGES) block();
});
const { url } = await server.listen('tcp://127.0.0.1:0');
const flood: Flood = { url, sessions: SESSIONS, messages: MESSAGES, messageBytes: MESSAGE_BYTES };
const worker = new Worker(new URL('./flooding-worker.js', import.meta.url), { workerData: flood });
const [{ closes: closesThere }] = (await once(worker, 'message')) as [{ closes: number }];
while (arrived < SESSIONS * MESSAGES) await new Promise((resolve) => setTimeout(resolve, 1));
const closesBefore = closes + closesThere;
worker.postMessage('close');
await once(worker, 'exit');
await server.close();
// The blocks hold slices of the pool, which may grow; what the peers sent is several times that.
const sentBytes = SESSIONS * MESSAGES * MESSAGE_BYTES;
say({ blocksLent, isMemoryBounded: memory < sentBytes / 4, arrived, faults, closesBefore });
