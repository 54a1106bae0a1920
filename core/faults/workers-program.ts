/** Workers that end under live traffic, in every way. Prints one value per check. Argument: Workers in a row. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { say } from './program-voice.js';

const rounds = Number(process.argv[2]);
const WORKER = new URL('./serving-worker.js', import.meta.url);
const SESSIONS = 3;

interface Ending {
  exitCode: number;
  error: string | undefined;
  closes: number;
}

/** Sends until the session ends, and does not wait for anything. */
async function flood(session: Session): Promise<void> {
  for (let i = 0; !session.closed; i++) {
    session.send(new Uint8Array(i % 50 === 0 ? 100_000 : 200));
    if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Starts a Worker, floods it, has it end, and waits for the ends of its sessions here. */
async function endUnderTraffic(
  client: HighPerformanceTransport,
  what: string,
  terminate: boolean,
): Promise<Ending> {
  const worker = new Worker(WORKER, { workerData: what });
  let error: string | undefined;
  worker.on('error', ({ message }) => {
    error = message;
  });
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  const [url] = (await once(worker, 'message')) as [string];
  let closes = 0;
  const onClose = () => {
    closes += 1;
  };
  client.on('close', onClose);
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => client.connect(url)));
  const floods = sessions.map(flood);
  if (terminate) {
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
  return { exitCode, error, closes };
}

async function ending(what: string, terminate: boolean, rounds: number): Promise<unknown> {
  await using client = await HighPerformanceTransport.create({ slowConsumerPolicy: 'drop-newest' });
  const endings: Ending[] = [];
  const descriptors: number[] = [];
  for (let round = 0; round < rounds; round++) {
    endings.push(await endUnderTraffic(client, what, terminate));
    descriptors.push(readdirSync('/proc/self/fd').length);
  }
  const distinct = [...new Set(endings.map((each) => JSON.stringify(each)))].map((text) => JSON.parse(text));
  // The second round has opened whatever is opened once.
  return { distinct, leaks: descriptors.at(-1)! > descriptors[1] };
}

say({ terminated: await ending('echo', true, rounds) });
for (const what of ['exit', 'throw', 'close']) say({ [what]: await ending(what, false, 3) });
