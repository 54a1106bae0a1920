/** A thread of a moment: connects to the main thread, is echoed to, and ends as `workerData` says. */
import { workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const transport = await HighPerformanceTransport.create();
const session = await transport.connect('mem://main');
for (const bytes of [10, 1000, 30_000, 300_000]) {
  const { payload } = await session.request(new Uint8Array(bytes).fill(7));
  if (payload.length !== bytes || payload.some((byte) => byte !== 7)) throw new Error('a wrong echo');
}
if (workerData === 'close') await transport.close();
else process.exit(0);
