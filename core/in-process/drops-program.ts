/**
 * Many sessions drop while this thread stands still, each behind its last message. Prints what came. Arguments: sessions;
 * `mem` or `tcp`: in process, the thread of the other ends is terminated; over sockets, it closes them.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const sessions = Number(process.argv[2]);
const scheme = process.argv[3] as 'mem' | 'tcp';
await using server = await HighPerformanceTransport.create();
const opened = new Set<number>();
const last = new Map<number, number>();
const closes = new Map<number, number>();
const codes = new Set<string | undefined>();
let late = 0;
let missing = 0;
server.on('session', ({ id }) => opened.add(id));
server.onBatch((batch) => {
  for (const message of batch) {
    if (closes.has(message.sessionId)) late += 1;
    last.set(message.sessionId, message.getUint32(0));
  }
});
server.on('close', ({ id }, { code }) => {
  codes.add(code);
  closes.set(id, (closes.get(id) ?? 0) + 1);
  // Each session sends 0, 1, 2.
  if (last.get(id) !== 2) missing += 1;
});
const { url } = await server.listen(scheme === 'mem' ? 'mem://drops' : 'tcp://127.0.0.1:0');
const progress = new Int32Array(new SharedArrayBuffer(8));
const worker = new Worker(new URL('./dropping-worker.js', import.meta.url), {
  workerData: { url, sessions, progress },
});
const [sent] = (await once(worker, 'message')) as [string];
while (opened.size < sessions) await new Promise((resolve) => setImmediate(resolve));
worker.postMessage('go');
const exited = once(worker, 'exit');
// Stands still until the other thread has sent everything and is about to end, and a good while longer.
Atomics.wait(progress, 0, 0, 60_000);
Atomics.wait(progress, 1, 0, 1000);
const deliveredMeanwhile = closes.size;
await exited;
while (closes.size < sessions) await new Promise((resolve) => setImmediate(resolve));
for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
const { sessionsOpen } = server.counters();
say({
  sent,
  deliveredMeanwhile,
  closed: closes.size,
  twice: [...closes.values()].filter((count) => count !== 1).length,
  late,
  missing,
  codes: [...codes].map(String),
  sessionsOpen,
});
