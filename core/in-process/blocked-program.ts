/**
 * One of two Workers stands still under traffic; the other one is asked all the while. Prints what was answered, and how
 * much memory it took. Argument: how long the Worker stands still at least, in ms.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';

const blockMs = Number(process.argv[2]);
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;
const SESSIONS = 4;
const ANSWERS = 50;
const gate = new Int32Array(new SharedArrayBuffer(4));

async function startWorker(name: string): Promise<Worker> {
  const worker = new Worker(new URL('./blocked-worker.js', import.meta.url), { workerData: { name, gate } });
  await once(worker, 'message');
  return worker;
}

const workers = [await startWorker('blocked'), await startWorker('quick')];
await using client = await HighPerformanceTransport.create({
  writeQueueBytesMax: QUEUE_BYTES_MAX,
  slowConsumerPolicy: 'throw',
});
const echoed = new Map<number, number>();
let wrong = 0;
client.on('message', ({ id }, { payload }) => {
  const index = echoed.get(id) ?? 0;
  if (new DataView(payload.buffer, payload.byteOffset).getUint32(0) !== index) wrong += 1;
  echoed.set(id, index + 1);
});
const slow = (await client.connectMany('mem://blocked', SESSIONS)).map((id) => client.session(id)!);
const quick = await client.connect('mem://quick');

const sent = new Map<Session, number>();
/** Sends numbered messages until the session takes no more. */
function fill(session: Session): void {
  for (let room = true; room; ) {
    const index = sent.get(session) ?? 0;
    const payload = Buffer.alloc(index % 20 === 0 ? 150_000 : 4 + (index % 3000));
    payload.writeUInt32BE(index);
    try {
      room = session.send(payload) || session.bufferedBytes < QUEUE_BYTES_MAX - 200_000;
      sent.set(session, index + 1);
    } catch {
      room = false;
    }
  }
}

const blocking = once(workers[0], 'message');
const order = Buffer.alloc(4);
order.writeUInt32BE(0);
slow[0].send(order, { bizType: 1 });
sent.set(slow[0], 1);
await blocking;
const before = process.memoryUsage().rss;
const since = performance.now();
let answeredMeanwhile = 0;
let rssMost = 0;
while (answeredMeanwhile < ANSWERS || performance.now() - since < blockMs) {
  for (const session of slow) fill(session);
  // Each of these shares its segment of the ring with what waits for the blocked one.
  await quick.request(Buffer.alloc(1000));
  answeredMeanwhile += 1;
  rssMost = Math.max(rssMost, process.memoryUsage().rss);
}
Atomics.store(gate, 0, 1);
Atomics.notify(gate, 0);
while (slow.some((session) => (echoed.get(session.id) ?? 0) < sent.get(session)!)) {
  await new Promise((resolve) => setImmediate(resolve));
}
say({
  isAnswered: answeredMeanwhile >= ANSWERS,
  wrong,
  grownMiB: Math.round((rssMost - before) / 2 ** 20),
  boundMiB: (SESSIONS * QUEUE_BYTES_MAX) / 2 ** 20,
  echoed: slow.every((session) => echoed.get(session.id) === sent.get(session)),
  open: [...slow, quick].every(({ closed }) => !closed),
});
await Promise.all(workers.map((worker) => worker.terminate()));
