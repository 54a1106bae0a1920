/**
 * A server in a Worker that ends in the way that `workerData.end` says, at its 20th message: by an exit, an error, a close,
 * or not by itself. It sends as much as it gets, and has been lent what can be lent.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

export interface DyingPlan {
  name: string;
  end: 'none' | 'exit' | 'throw' | 'close';
}

const { name, end } = workerData as DyingPlan;
const server = await HighPerformanceTransport.create({ slowConsumerPolicy: 'drop-newest' });
const kept: unknown[] = [];
let handled = 0;
server.onBatch((batch) => {
  for (const message of batch) {
    handled += 1;
    kept.push(message.retain(), message.payload());
    if (kept.length > 200) kept.length = 0;
    message.reply(message.payload());
    if (handled !== 20) continue;
    if (end === 'exit') process.exit(3);
    if (end === 'throw') throw new Error('planned by the test');
    if (end === 'close') void server.close();
  }
});
await server.listen(`mem://${name}`);
parentPort!.postMessage('listening');
