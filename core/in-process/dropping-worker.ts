/** Opens sessions to the main thread; when told, sends three messages on each and drops them all at once. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';

const { url, sessions, progress } = workerData as { url: string; sessions: number; progress: Int32Array };
const client = await HighPerformanceTransport.create();
const ends: Session[] = [];
if (url.startsWith('mem:')) {
  for (const id of await client.connectMany(url, sessions)) ends.push(client.session(id)!);
} else {
  for (let i = 0; i < sessions; i += 1) ends.push(await client.connect(url));
}
parentPort!.postMessage('connected');
await once(parentPort!, 'message');
for (let index = 0; index < 3; index += 1) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(index);
  for (const session of ends) session.send(payload);
}
// What was sent is on its way when a turn is over.
await new Promise((resolve) => setImmediate(resolve));
Atomics.store(progress, 0, 1);
Atomics.notify(progress, 0);
process.exit(0);
