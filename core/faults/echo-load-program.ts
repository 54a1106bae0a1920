/**
 * Sends many messages of many sizes to and fro over TCP and unix sockets, in every way the API has, and checks that each
 * comes back once, in order and intact. Prints a summary. Arguments: seed, messages per session.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import { say } from './program-voice.js';
import { patternBytes, SeededRandom } from './seeded-random.js';

const seed = Number(process.argv[2]);
const messagesPerSession = Number(process.argv[3]);
const SESSIONS_EACH = 3;
/** Around every boundary: read slices, straddling packets, pooled tiers, the ring's largest packet. */
const EDGES = [
  0, 1, 15, 16, 17, 1007, 4095, 16_383, 16_384, 65_519, 65_520, 65_536, 66_000, 262_128, 262_129,
];
const random = new SeededRandom(seed);
let echoed = 0;
let bytes = 0;

function sizeOfNext(): number {
  const kind = random.below(20);
  if (kind < 12) return random.below(600);
  if (kind < 17) return random.below(20_000);
  return kind < 19 ? random.pick(EDGES) : random.below(400_000);
}

function check(session: number, message: number, length: number, got: Uint8Array): void {
  const expected = patternBytes(seed, session, message, length);
  if (Buffer.compare(expected, got) !== 0) {
    throw new Error(`seed ${seed}: session ${session} message ${message} (${length} bytes) came back wrong`);
  }
  echoed += 1;
  bytes += length;
}

async function requests(session: Session, number: number): Promise<void> {
  const pending: Promise<void>[] = [];
  for (let i = 0; i < messagesPerSession; i++) {
    const length = sizeOfNext();
    const request = session.request(patternBytes(seed, number, i, length), { timeoutMs: 3_600_000 });
    pending.push(request.then((packet) => check(number, i, length, packet.payload)));
    if (pending.length >= 8) await pending.shift();
  }
  await Promise.all(pending);
}

/** One-way messages out, their echoes back in order through the session's own loop. */
async function pulled(session: Session, number: number): Promise<void> {
  const sizes = Array.from({ length: messagesPerSession }, sizeOfNext);
  const sending = (async () => {
    for (let i = 0; i < sizes.length; i++) {
      const bytesOut = patternBytes(seed, number, i, sizes[i]);
      if (!session.send(bytesOut)) await session.drained();
      else if (i % 5 === 4) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  let next = 0;
  for await (const packet of session) {
    check(number, next, sizes[next], packet.payload);
    next += 1;
    if (next === sizes.length) break;
  }
  await sending;
}

const folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
const errors: string[] = [];
try {
  const inPlace = await HighPerformanceTransport.create();
  inPlace.onBatch((batch) => {
    for (const message of batch)
      message.reply(message.packetType === 'request' ? message : message.payload());
  });
  const owned = await HighPerformanceTransport.create();
  owned.on('message', (session, packet) => session.reply(packet, packet.payload));
  const client = await HighPerformanceTransport.create();
  for (const transport of [inPlace, owned, client]) transport.on('error', ({ code }) => errors.push(code));
  const work: Promise<void>[] = [];
  for (const [index, server] of [inPlace, owned].entries()) {
    for (const url of ['tcp://127.0.0.1:0', `unix://${folder}/${index}.sock`]) {
      const listener = await server.listen(url);
      for (let i = 0; i < SESSIONS_EACH; i++) {
        for (const run of [requests, pulled]) work.push(run(await client.connect(listener.url), work.length));
      }
    }
  }
  await Promise.all(work);
  const { abnormalCloses, responsesUnmatched, messagesDiscarded } = client.counters();
  for (const transport of [client, inPlace, owned]) await transport.close();
  say({
    seed,
    sessions: work.length,
    echoed,
    bytes,
    abnormalCloses,
    responsesUnmatched,
    messagesDiscarded,
    errors,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
