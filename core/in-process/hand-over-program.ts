/**
 * Buffers that are handed over to other threads. Prints one value per check. Arguments: how many reactors on threads of
 * their own this transport has, and the rounds of what is repeated.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Session } from '../transport.js';
import type { ForwardingPlan, Receipt } from './forwarding-worker.js';
import { patterned } from './patterned-payload.js';

const workersPerNumaNode = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const WORKER = new URL('./forwarding-worker.js', import.meta.url);

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

async function start(plan: ForwardingPlan): Promise<{ worker: Worker; receipts: Receipt[] }> {
  const worker = new Worker(WORKER, { workerData: plan });
  await once(worker, 'message');
  const receipts: Receipt[] = [];
  worker.on('message', (receipt: Receipt) => receipts.push(receipt));
  return { worker, receipts };
}

function filled(transport: HighPerformanceTransport, length: number, seed: number): Uint8Array {
  const buffer = transport.allocate(length);
  buffer.set(patterned(length, seed));
  return buffer;
}

async function allIsBack(transport: HighPerformanceTransport): Promise<void> {
  await until(() => {
    const { slicesLent, allocatedBytes, queuedBytes } = transport.counters();
    return slicesLent === 0 && allocatedBytes === 0 && queuedBytes === 0;
  });
}

async function nothingIsCopied(): Promise<unknown> {
  await using transport = await HighPerformanceTransport.create({ workersPerNumaNode });
  const { worker, receipts } = await start({ name: 'given', role: 'receive' });
  const session = await transport.connect('mem://given');
  const seen: unknown[] = [];
  for (const length of [16_384, 65_536, 1_048_576, 3_000_000]) {
    const buffer = filled(transport, length, length);
    session.send(buffer, { handOver: true, extHeader: Buffer.from('ext') });
    await until(() => receipts.length > seen.length);
    const { payloadCopies } = transport.counters();
    seen.push({ ...receipts.at(-1)!, left: buffer.length, senderCopies: payloadCopies });
  }
  await allIsBack(transport);
  await worker.terminate();
  return seen;
}

/** What waits to be written from the same buffer is what it was, whatever the receiver does with its own. */
async function whatWasSentBeforeStays(): Promise<unknown> {
  await using transport = await HighPerformanceTransport.create({ workersPerNumaNode });
  const { worker, receipts } = await start({ name: 'given', role: 'receive' });
  const inProcess = await transport.connect('mem://given');
  const { port } = await transport.listen('tcp://127.0.0.1:0');
  const accepted = new Promise<Session>((resolve) => transport.on('session', resolve));
  const peer = connect(port!, '127.0.0.1');
  const toPeer = await accepted;
  const length = 8_000_000;
  const buffer = filled(transport, length, 9);
  toPeer.send(buffer);
  inProcess.send(buffer, { handOver: true });
  await until(() => receipts.length === 1);
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await until(() => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0) === length + 16);
  const isWhole = Buffer.concat(chunks).subarray(16).equals(patterned(length, 9));
  peer.destroy();
  await worker.terminate();
  return { whole: receipts[0].whole, isWhole };
}

async function receiversEnd(): Promise<unknown> {
  await using transport = await HighPerformanceTransport.create({ workersPerNumaNode });
  let wrong = 0;
  let receipts = 0;
  for (let round = 0; round < rounds; round += 1) {
    const name = `given-${round}`;
    const receiver = await start({ name, role: 'receive', retains: round % 2 === 0 });
    const session = await transport.connect(`mem://${name}`);
    for (let i = 0; i < 12; i += 1) {
      session.send(filled(transport, i % 2 === 0 ? 60_000 : 1_200_000, i), { handOver: true });
    }
    await until(() => receiver.receipts.length >= round % 5);
    await receiver.worker.terminate();
    await until(() => session.closed);
    receipts += receiver.receipts.length;
    wrong += receiver.receipts.filter(({ whole }) => !whole).length;
  }
  await allIsBack(transport);
  return { wrong, some: receipts > 0 };
}

for (const [name, check] of Object.entries({ nothingIsCopied, whatWasSentBeforeStays, receiversEnd })) {
  say({ [name]: await check() });
}
