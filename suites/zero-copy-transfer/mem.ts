import { HighPerformanceTransport, type Session, type TransportOptions } from '../../core/index.js';
import { Peer } from '../harness/peer.js';
import { REST } from '../harness/peer-protocol.js';
import type { Made, SuiteArm, SuiteParameters } from '../harness/suite.js';
import { timedRun } from '../harness/timed-run.js';
import { engineCopies } from './engine-copies.js';
import { faultIn, type PayloadShape, payloadShape, wordsOf, writePayload } from './payload-words.js';

/** Ours: `mem://` between the main thread and a Worker, through the public API alone. */

export interface MemWay {
  /** One way, or there and back: the Worker passes on what it has received. */
  way: 'one-way' | 'there-and-back';
  /** From what the payload is sent, and whether the receiver takes a copy that it may keep. */
  copies: boolean;
  /** Whether payloads of that size are promised not to be copied; the engine's counters must then say so. */
  claimsZeroCopies(bytes: number): boolean;
}

/** What is handed to the thread at the other end. */
export interface MemPeerData extends PayloadShape {
  url: string;
  options: TransportOptions;
  copies: boolean;
}

/** From here on a buffer of `allocate` that is handed over crosses threads as it lies. */
export const HAND_OVER_BYTES_MIN = 16 * 1024;
/** Payloads that are on their way there and back at once. */
const UNDER_WAY = 4;
const OPTIONS: TransportOptions = {
  // As far as the sender may be ahead, in payloads of 1 MB: two, with buffers enough for these and for what is being read.
  writeQueueHighWatermarkBytes: 2 * 1024 * 1024,
  zeroCopyBuffers: { hugeBuffers: 16 },
  // What the documentation offers for threads that wait for each other.
  spinTimeUs: 200,
};

export function memArm(name: string, way: MemWay): SuiteArm {
  return { name, make: (parameters) => makeMem(way, parameters) };
}

let made = 0;

async function makeMem(way: MemWay, parameters: SuiteParameters): Promise<Made> {
  const shape = payloadShape(parameters);
  made += 1;
  const url = `mem://zero-copy-${process.pid}-${made}`;
  const data: MemPeerData = { ...shape, url, options: OPTIONS, copies: way.copies };
  const peer = new Peer('zero-copy-transfer/mem-peer.js', data);
  await peer.answer('ready');
  const transport = await HighPerformanceTransport.create(OPTIONS);
  const sender = new PayloadSender(transport, await transport.connect(url), shape, way.copies);
  const faultsOf = way.way === 'one-way' ? sendOneWay : sendThereAndBack;
  const mode = way.way === 'one-way' ? 'count' : 'echo';
  let copiesBefore = 0;
  const copiesSince = async (): Promise<number> => {
    const { copies = 0 } = await peer.give(REST);
    const all = copies + engineCopies(transport);
    const since = all - copiesBefore;
    copiesBefore = all;
    return since;
  };
  return {
    workload: {
      async run(count) {
        const task = { mode, count, spinning: false } as const;
        const measured = await timedRun(peer, task, () => faultsOf(sender, peer, count));
        const copies = await copiesSince();
        if (!way.claimsZeroCopies(shape.bytes)) return measured;
        const faults = measured.faults + copies;
        return { ...measured, faults, figures: { payload_copies_per_op: copies / count } };
      },
      async release() {
        try {
          await transport.close();
        } finally {
          await peer.stop();
        }
      },
    },
  };
}

/** Numbers payloads from 0 in each run, and sends them the way that the arm is about. */
class PayloadSender {
  readonly shape: PayloadShape;
  /** What comes back. */
  onPayload: (payload: Uint8Array) => void = () => {};
  readonly #transport: HighPerformanceTransport;
  readonly #session: Session;
  readonly #handsOver: boolean;
  readonly #plain: Uint8Array;
  readonly #plainWords: Int32Array;

  constructor(transport: HighPerformanceTransport, session: Session, shape: PayloadShape, copies: boolean) {
    this.#transport = transport;
    transport.onBatch((batch) => {
      for (const message of batch) this.onPayload(message.payload());
    });
    this.shape = shape;
    this.#session = session;
    this.#handsOver = !copies && shape.bytes >= HAND_OVER_BYTES_MIN;
    this.#plain = new Uint8Array(shape.bytes);
    this.#plainWords = wordsOf(this.#plain);
  }

  send(number: number): boolean {
    if (!this.#handsOver) {
      writePayload(this.#plainWords, number, this.shape);
      return this.#session.send(this.#plain);
    }
    const payload = this.#transport.allocate(this.shape.bytes);
    writePayload(wordsOf(payload), number, this.shape);
    return this.#session.send(payload, { handOver: true });
  }

  drained(): Promise<void> {
    return this.#session.drained();
  }
}

async function sendOneWay(sender: PayloadSender, peer: Peer, count: number): Promise<number> {
  for (let number = 0; number < count; number++) {
    if (!sender.send(number)) await sender.drained();
  }
  return (await peer.answer('counted')).faults;
}

function sendThereAndBack(sender: PayloadSender, _peer: Peer, count: number): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    let back = 0;
    let faults = 0;
    sender.onPayload = (payload) => {
      faults += faultIn(payload, back, sender.shape);
      back += 1;
      if (sent < count) sender.send(sent++);
      else if (back === count) resolve(faults);
    };
    while (sent < Math.min(count, UNDER_WAY)) sender.send(sent++);
  });
}
