/**
 * Payloads that are passed on from sockets to other threads. Prints one value per check. Arguments: how many reactors on
 * threads of their own read from the sockets, and the rounds of what is repeated.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { say } from '../faults/program-voice.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { Message } from '../message.js';
import { encodePacket } from '../protocol/packet-codec.js';
import type { RetainedMessage } from '../retained-message.js';
import type { Session } from '../transport.js';
import type { ForwardingPlan, Receipt } from './forwarding-worker.js';
import { isWhole, patterned } from './patterned-payload.js';

const workersPerNumaNode = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const WORKER = new URL('./forwarding-worker.js', import.meta.url);

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

/** A Worker with what it tells, and the first thing that it told. */
async function start(plan: ForwardingPlan): Promise<{ worker: Worker; receipts: Receipt[]; first: unknown }> {
  const worker = new Worker(WORKER, { workerData: plan });
  const [first] = await once(worker, 'message');
  const receipts: Receipt[] = [];
  worker.on('message', (receipt: Receipt) => receipts.push(receipt));
  return { worker, receipts, first };
}

function packetOf(payload: Buffer): Buffer {
  return encodePacket({
    packetType: 'one-way',
    messageId: 1,
    bizType: 5,
    highPriority: false,
    extHeader: new Uint8Array(0),
    payload,
  });
}

/** A transport that passes on what comes on its socket, and the socket of a client. */
class Relay implements AsyncDisposable {
  handler: (message: Message) => unknown = () => undefined;
  private constructor(
    readonly transport: HighPerformanceTransport,
    readonly socket: Socket,
  ) {
    transport.onBatch((batch) => {
      for (const message of batch) this.handler(message);
    });
  }

  static async open(): Promise<Relay> {
    const transport = await HighPerformanceTransport.create({ workersPerNumaNode });
    const { port } = await transport.listen('tcp://127.0.0.1:0');
    const socket = connect(port!, '127.0.0.1');
    await once(socket, 'connect');
    return new Relay(transport, socket);
  }

  /** In two parts, so that the payload is read straight into the packet's own slice. */
  async sendInTwo(payload: Buffer): Promise<void> {
    const packet = packetOf(payload);
    const before = this.transport.counters().bytesReceived;
    this.socket.write(packet.subarray(0, 16));
    await until(() => this.transport.counters().bytesReceived >= before + 16);
    this.socket.write(packet.subarray(16));
  }

  send(payload: Buffer): void {
    this.socket.write(packetOf(payload));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.transport.close({ drainTimeoutMs: 0 });
  }
}

async function nothingIsCopied(): Promise<unknown> {
  await using relay = await Relay.open();
  const { worker, receipts } = await start({ name: 'forwarded', role: 'receive' });
  const session = await relay.transport.connect('mem://forwarded');
  relay.handler = (message) => message.forward(session, { extHeader: Buffer.from('ext') });
  const seen: unknown[] = [];
  for (const length of [65_536, 1_048_576, 3_000_000]) {
    await relay.sendInTwo(patterned(length, length));
    await until(() => receipts.length > seen.length);
    const { payloadCopies, forwardCopies } = relay.transport.counters();
    seen.push({ ...receipts.at(-1)!, relayCopies: payloadCopies + forwardCopies });
  }
  await until(() => relay.transport.counters().slicesLent === 0);
  await worker.terminate();
  return seen;
}

/** Each thread may write to what it got, and so may each handler of one thread. */
async function everyReceiverHasItsOwn(): Promise<unknown> {
  await using relay = await Relay.open();
  const one = await start({ name: 'one', role: 'receive' });
  const two = await start({ name: 'two', role: 'receive', retains: true });
  const ids = [
    ...(await relay.transport.connectMany('mem://one', 3)),
    ...(await relay.transport.connectMany('mem://two', 2)),
  ];
  const kept: RetainedMessage[] = [];
  let handled = 0;
  relay.handler = (message) => {
    handled += 1;
    // A view that was there before, one that comes after, and one that stays.
    if (handled % 3 === 1) message.payload()[7] ^= 0;
    relay.transport.broadcast(message, { sessions: ids });
    if (handled % 3 === 2) kept.push(message.retain());
    message.payload();
  };
  for (let i = 0; i < rounds; i += 1) {
    relay.send(patterned([20_000, 65_536, 1_000_000][i % 3], i));
    // As many as a session may have waiting.
    await until(() => one.receipts.length > 3 * (i - 12) && two.receipts.length > 2 * (i - 12));
  }
  await until(() => one.receipts.length === 3 * rounds && two.receipts.length === 2 * rounds);
  for (const message of kept) message.payload.fill(1);
  const wrong = [...one.receipts, ...two.receipts].filter(({ whole }) => !whole).length;
  for (const message of kept) message.release();
  await Promise.all([one.worker.terminate(), two.worker.terminate()]);
  await until(() => relay.transport.counters().slicesLent === 0);
  return { wrong, handled: handled === rounds, open: relay.transport.counters().queuedBytes };
}

/** Whatever a Worker had in hand or under way comes back when it ends. */
async function receiversEnd(): Promise<unknown> {
  await using relay = await Relay.open();
  let session: Session | undefined;
  relay.handler = (message) => {
    if (session !== undefined && !session.closed) message.forward(session);
  };
  let receipts = 0;
  let wrong = 0;
  for (let round = 0; round < rounds; round += 1) {
    const name = `ending-${round}`;
    const receiver = await start({ name, role: 'receive', retains: round % 2 === 0 });
    session = await relay.transport.connect(`mem://${name}`);
    for (let i = 0; i < 20; i += 1) relay.send(patterned(i % 2 === 0 ? 60_000 : 1_200_000, i));
    await until(() => receiver.receipts.length >= round % 5);
    await receiver.worker.terminate();
    await until(() => session!.closed);
    receipts += receiver.receipts.length;
    wrong += receiver.receipts.filter(({ whole }) => !whole).length;
  }
  await until(() => relay.transport.counters().slicesLent === 0);
  return { wrong, some: receipts > 0 };
}

/** What was received stays when the thread that read it from its socket has ended. */
async function relaysEnd(): Promise<unknown> {
  await using transport = await HighPerformanceTransport.create();
  const kept: RetainedMessage[] = [];
  let wrong = 0;
  transport.onBatch((batch) => {
    for (const message of batch) {
      if (!isWhole(message.payload())) wrong += 1;
      kept.push(message.retain());
    }
  });
  await transport.listen('mem://home');
  let held = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { worker, first } = await start({ name: 'home', role: 'relay' });
    const socket = connect(first as number, '127.0.0.1');
    socket.on('error', () => undefined);
    const before = kept.length;
    for (let i = 0; i < 10; i += 1) {
      socket.write(packetOf(patterned(i % 2 === 0 ? 60_000 : 1_200_000, i)));
    }
    await until(() => kept.length > before + (round % 4));
    await worker.terminate();
    socket.destroy();
    wrong += kept.filter(({ payload }) => !isWhole(payload)).length;
    held += kept.filter(({ pinned }) => pinned).length;
    // Some are released when their reactor is gone, some are forgotten.
    if (round % 2 === 0) for (const message of kept) message.release();
    kept.length = 0;
  }
  return { wrong, some: held > 0 };
}

for (const [name, check] of Object.entries({
  nothingIsCopied,
  everyReceiverHasItsOwn,
  receiversEnd,
  relaysEnd,
})) {
  say({ [name]: await check() });
}
