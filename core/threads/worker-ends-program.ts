/**
 * Workers whose transports run on threads of their own, ended in every way under traffic. Prints one value for each way.
 * Argument: Workers in a row.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { reactorThreads } from './thread-listing.js';

const rounds = Number(process.argv[2]);
const SESSIONS = 3;

async function flood(session: Session): Promise<void> {
  for (let i = 0; !session.closed; i++) {
    session.send(new Uint8Array(i % 50 === 0 ? 100_000 : 200));
    if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function endUnderTraffic(client: HighPerformanceTransport, way: string): Promise<string> {
  const worker = new Worker(new URL('./ending-worker.js', import.meta.url), { workerData: way });
  worker.on('error', () => undefined);
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  const [url] = (await once(worker, 'message')) as [string];
  let closes = 0;
  const onClose = () => {
    closes += 1;
  };
  client.on('close', onClose);
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => client.connect(url)));
  const floods = sessions.map(flood);
  if (way === 'terminate') {
    let echoed = 0;
    for await (const _packet of sessions[0]) {
      echoed += 1;
      if (echoed === 10) break;
    }
    await worker.terminate();
  }
  const exitCode = await exited;
  await Promise.all(floods);
  while (closes < SESSIONS) await new Promise((resolve) => setImmediate(resolve));
  client.off('close', onClose);
  return JSON.stringify({ exitCode, closes, threadsLeft: reactorThreads().length });
}

for (const way of ['terminate', 'exit', 'throw', 'close']) {
  await using client = await HighPerformanceTransport.create({ slowConsumerPolicy: 'drop-newest' });
  const endings = new Set<string>();
  const descriptors: number[] = [];
  for (let round = 0; round < rounds; round++) {
    endings.add(await endUnderTraffic(client, way));
    descriptors.push(readdirSync('/proc/self/fd').length);
  }
  // The second round has opened whatever is opened once.
  say({
    way,
    endings: [...endings].map((text) => JSON.parse(text)),
    leaks: descriptors.at(-1)! > descriptors[1],
  });
}
