/**
 * Workers one after another, each with a transport and traffic with the main thread. Prints exit codes, descriptors and
 * resident bytes. Arguments: Workers, and after how many of them the first measurement is taken.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const [workers, warm] = process.argv.slice(2).map(Number);
await using server = await HighPerformanceTransport.create();
server.onBatch((batch) => {
  for (const message of batch) message.reply(message);
});
const closes = new Map<string, number>();
server.on('close', (_session, { code }) => {
  closes.set(String(code), (closes.get(String(code)) ?? 0) + 1);
});
await server.listen('mem://main');

function measure(): { descriptors: number; rssMiB: number } {
  (globalThis as unknown as { gc(): void }).gc();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
}

const exits = new Set<number>();
let first: unknown;
for (let round = 0; round < workers; round += 1) {
  const workerData = round % 2 === 0 ? 'close' : 'exit';
  const worker = new Worker(new URL('./successive-worker.js', import.meta.url), { workerData });
  const [code] = (await once(worker, 'exit')) as [number];
  exits.add(code);
  if (round + 1 === warm) first = measure();
}
while ([...closes.values()].reduce((sum, count) => sum + count, 0) < workers) {
  await new Promise((resolve) => setImmediate(resolve));
}
say({ exits: [...exits], closes: Object.fromEntries([...closes].sort()), first, last: measure() });
