/** Floods an address over several sessions, each message with its number. `workerData`: see `Flood`. */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';

export interface Flood {
  url: string;
  sessions: number;
  messages: number;
  messageBytes: number;
}

const { url, sessions, messages, messageBytes } = workerData as Flood;
const client = await HighPerformanceTransport.create();
let closes = 0;
client.on('close', () => {
  closes += 1;
});

async function flood(index: number): Promise<void> {
  const session = await client.connect(url);
  const bytes = Buffer.alloc(messageBytes);
  bytes.writeUInt32LE(index, 0);
  for (let number = 0; number < messages; number++) {
    bytes.writeUInt32LE(number, 4);
    if (!session.send(bytes)) await session.drained();
  }
  await session.drained();
}

await Promise.all(Array.from({ length: sessions }, (_, index) => flood(index)));
parentPort!.postMessage({ closes });
parentPort!.once('message', async () => {
  await client.close();
  parentPort!.close();
});
