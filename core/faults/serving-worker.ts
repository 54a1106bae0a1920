/** A server in a Worker. `workerData`: what it does with its 20th message, after which it may not be there any more. */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { SessionId } from '../transport.js';

/** More than a socket takes whose peer does not read. */
const WAITING_BYTES = 2_500_000;
const last = workerData as 'echo' | 'exit' | 'throw' | 'close';
const server = await HighPerformanceTransport.create();
const kept: unknown[] = [];
let handled = 0;

/** Bytes that wait where they lie: of the program, of a buffer of the engine, and of one that was given away. */
function lend(to: SessionId): void {
  const buffer = server.allocate(WAITING_BYTES);
  kept.push(buffer);
  server.send(to, new Uint8Array(WAITING_BYTES));
  server.send(to, buffer);
  server.send(to, server.allocate(WAITING_BYTES), { handOver: true });
}

server.onBatch((batch) => {
  for (const message of batch) {
    handled += 1;
    if (handled === 3) lend(message.sessionId);
    // Everything an environment can be lent is lent when it ends.
    kept.push(message.retain(), message.payload());
    if (kept.length > 200) kept.length = 0;
    message.reply(message.payload());
    if (handled < 20) continue;
    if (last === 'exit') process.exit(3);
    if (last === 'throw') throw new Error('planned by the test');
    if (last === 'close') void server.close();
  }
});
const listener = await server.listen('tcp://127.0.0.1:0');
parentPort!.postMessage(listener.url);
