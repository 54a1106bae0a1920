/** An echo in a Worker that stands still from a message of biz type 1 on, until it is let go. */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const { name, gate } = workerData as { name: string; gate: Int32Array };
const server = await HighPerformanceTransport.create();
server.onBatch((batch) => {
  for (const message of batch) {
    message.reply(message);
    if (message.bizType !== 1) continue;
    parentPort!.postMessage('blocking');
    Atomics.wait(gate, 0, 0);
  }
});
await server.listen(`mem://${name}`);
parentPort!.postMessage('listening');
