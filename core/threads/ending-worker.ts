/** A server on threads of its own, in a Worker that ends under traffic. `workerData`: how. */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const way = workerData as 'terminate' | 'exit' | 'throw' | 'close';
const server = await HighPerformanceTransport.create({ workersPerNumaNode: 1 });
const kept: unknown[] = [];
let handled = 0;
server.onBatch((batch) => {
  for (const message of batch) {
    handled += 1;
    // Everything an environment can be lent is lent when it ends.
    kept.push(message.retain(), message.payload());
    if (kept.length > 200) kept.length = 0;
    message.reply(message.payload());
    if (handled < 20) continue;
    if (way === 'exit') process.exit(3);
    if (way === 'throw') throw new Error('planned by the test');
    if (way === 'close') void server.close({ drainTimeoutMs: 100 });
  }
});
const listener = await server.listen('tcp://127.0.0.1:0');
parentPort!.postMessage(listener.url);
