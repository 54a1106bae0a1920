/**
 * Workers that serve one address come and go while another process connects to it all the time. Prints what became of
 * those connections.
 *
 *   node dist/core/threads/worker-churn-program.js --workers 500 [--alive 4] [--connections 8] [--threads 0]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '500' },
    /** That serve at the same time. */
    alive: { type: 'string', default: '4' },
    connections: { type: 'string', default: '8' },
    /** Reactors on threads of their own, in each Worker. */
    threads: { type: 'string', default: '0' },
  },
});
const workersMax = Number(values.workers);
const threads = Number(values.threads);
const WORKER = new URL('./churning-worker.js', import.meta.url);

let url = 'tcp://127.0.0.1:0';
const alive: Worker[] = [];
const errors: string[] = [];

async function startWorker(): Promise<void> {
  const worker = new Worker(WORKER, { workerData: { url, threads } });
  worker.on('error', ({ message }) => errors.push(message));
  [url] = (await once(worker, 'message')) as [string];
  alive.push(worker);
}

async function stopOldest(abruptly: boolean): Promise<void> {
  const worker = alive.shift()!;
  const exited = once(worker, 'exit');
  if (abruptly) await worker.terminate();
  else worker.postMessage('close');
  await exited;
}

await startWorker();
const load = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('./connect-load-program.js', import.meta.url)),
    new URL(url).port,
    values.connections,
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const lines = createInterface({ input: load.stdout })[Symbol.asyncIterator]();
await lines.next();

for (let started = 1; started < workersMax; started++) {
  await startWorker();
  if (alive.length > Number(values.alive)) await stopOldest(started % 2 === 0);
}
load.stdin.write('stop\n');
const counts: unknown = JSON.parse((await lines.next()).value as string);
while (alive.length > 0) await stopOldest(alive.length % 2 === 0);
say({ workers: workersMax, threads, counts, errors });
