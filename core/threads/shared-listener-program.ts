/**
 * Workers that serve one address: who serves whom when all run, while one computes, and when one has closed. Prints one
 * value for each. Argument: Workers.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TransportError } from '../errors.js';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';

const count = Number(process.argv[2]);
const COMPUTE_MS = 1_000;

const client = await HighPerformanceTransport.create();
const greeted = new Map<string, number>();
let greetings = 0;
client.on('message', (_session, packet) => {
  const worker = Buffer.from(packet.payload).toString();
  greeted.set(worker, (greeted.get(worker) ?? 0) + 1);
  greetings += 1;
});

async function started(url: string): Promise<[Worker, string]> {
  const worker = new Worker(new URL('./churning-worker.js', import.meta.url), {
    workerData: { url, threads: 0 },
  });
  return [worker, ((await once(worker, 'message')) as [string])[0]];
}

/** Opens sessions and waits until `expected` of all there are were greeted. */
async function connectAll(url: string, sessions: number): Promise<void> {
  await Promise.all(Array.from({ length: sessions }, () => client.connect(url)));
}
async function greetedAll(expected: number): Promise<void> {
  while (greetings < expected) await new Promise((resolve) => setTimeout(resolve, 1));
}

const [first, url] = await started('tcp://127.0.0.1:0');
// At once: all but the first join what is there.
const others = (await Promise.all(Array.from({ length: count - 1 }, () => started(url)))).map(
  ([worker]) => worker,
);
const sessions = count * 25;
await connectAll(url, sessions);
await greetedAll(sessions);
say({ greetings, workers: greeted.size, fewest: Math.min(...greeted.values()) > 0 });

const refused = await client.listen(url).catch((error: TransportError) => error.code);
say({ refused });

// One computes: whoever is given to others is served meanwhile, whoever is given to it waits until it is done.
const computing = first;
const name = String(computing.threadId);
const isComputing = once(computing, 'message');
computing.postMessage(COMPUTE_MS);
await isComputing;
const beforeComputing = greeted.get(name)!;
const since = performance.now();
await connectAll(url, sessions);
while (performance.now() - since < COMPUTE_MS / 2) await new Promise((resolve) => setTimeout(resolve, 1));
const servedMeanwhile = greetings - sessions;
const servedByIt = greeted.get(name)! - beforeComputing;
await greetedAll(2 * sessions);
const waited = greeted.get(name)! - beforeComputing;
say({ greetings, servedByIt, allOthersServed: servedMeanwhile === sessions - waited, waited });

// One leaves, and nobody who connects meets it.
const leaving = others.pop()!;
const left = String(leaving.threadId);
leaving.postMessage('close');
await once(leaving, 'exit');
const before = greeted.get(left);
await connectAll(url, sessions);
await greetedAll(3 * sessions);
say({ greetings, servedByTheOneThatLeft: greeted.get(left)! - before! });

for (const worker of [first, ...others]) {
  worker.postMessage('close');
  await once(worker, 'exit');
}
await client.close();
