/**
 * One of many Workers that serve the same address; it greets whoever connects with its thread's number. `workerData`: the
 * address, and reactors on threads of its own. Told a number, it computes for so many milliseconds; told anything else,
 * it closes.
 */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const { url, threads } = workerData as { url: string; threads: number };
const transport = await HighPerformanceTransport.create({ workersPerNumaNode: threads });
transport.on('session', (session) => session.send(Buffer.from(String(threadId))));
transport.onBatch((batch) => {
  for (const message of batch) message.reply(message);
});
const listener = await transport.listen(url, { share: true });
parentPort!.postMessage(listener.url);
parentPort!.on('message', async (order: unknown) => {
  if (typeof order === 'number') {
    parentPort!.postMessage('computing');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order);
    return;
  }
  await transport.close();
  parentPort!.close();
});
