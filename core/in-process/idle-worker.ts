/** A server in a Worker that does nothing, and collects what can be collected when it is asked to. */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const { name } = workerData as { name: string };
const server = await HighPerformanceTransport.create();
await server.listen(`mem://${name}`);
parentPort!.on('message', () => {
  (globalThis as unknown as { gc(): void }).gc();
  parentPort!.postMessage('collected');
});
parentPort!.postMessage('listening');
