import {
  HighPerformanceTransport,
  type Session,
  TransportError,
  type TransportOptions,
} from '../../core/index.js';
import { Peer } from '../harness/peer.js';
import type { Made, SuiteArm, Workload } from '../harness/suite.js';
import { timedRun } from '../harness/timed-run.js';
import { PAYLOAD_BYTES } from './payload.js';

/** Ours: `mem://` between the main thread and a Worker, through the public API alone. */

interface Path {
  way: 'one-way' | 'round-trip' | 'request';
  spinning: boolean;
  /** How many buffers the sender writes its messages into, in turn; 1 unless told. Messages of one buffer cost least. */
  buffers?: number;
}

/** How both ends are made: with the options that their documentation offers for the work. */
function optionsOf({ spinning }: Path): TransportOptions {
  return {
    spinTimeUs: spinning ? SPIN_TIME_US : 0,
    // A sender that is far ahead waits for the other end less often.
    writeQueueHighWatermarkBytes: 1024 * 1024,
  };
}

const SPIN_TIME_US = 200;

export function memArm(name: string, path: Path): SuiteArm {
  return { name, make: () => makeMem(path) };
}

let made = 0;

async function makeMem(path: Path): Promise<Made> {
  const { way, buffers = 1 } = path;
  const options = optionsOf(path);
  const transport = await HighPerformanceTransport.create(options);
  made += 1;
  const url = `mem://suite-${process.pid}-${made}`;
  const absence = await absenceOf(transport);
  if (absence !== null) {
    await transport.close();
    return { notMeasurable: absence };
  }
  const peer = new Peer('mem-transport/mem-peer.js', { url, options });
  await peer.answer('ready');
  let onAnswer: (length: number) => void = () => {};
  transport.onBatch((batch) => {
    for (const message of batch) onAnswer(message.length);
  });
  const session = await transport.connect(url);
  const ways = {
    'one-way': (count: number) => oneWay(session, peer, count, buffers),
    'round-trip': (count: number) =>
      roundTrips(session, count, (handler) => {
        onAnswer = handler;
      }),
    request: (count: number) => requests(session, count),
  };
  const workload: Workload = {
    run: (count) =>
      timedRun(peer, { mode: way === 'one-way' ? 'count' : 'echo', count, spinning: false }, () =>
        ways[way](count),
      ),
    async release() {
      await transport.close();
      await peer.stop();
    },
  };
  return { workload };
}

/** Why this build has no `mem://`, or null. */
async function absenceOf(transport: HighPerformanceTransport): Promise<string | null> {
  try {
    await (await transport.listen(`mem://suite-${process.pid}-probe-${made}`)).close();
    return null;
  } catch (error) {
    if (error instanceof TransportError && error.code === 'ERR_MSGTRANS_INVALID_URL') {
      return 'this build has no mem:// transport';
    }
    throw error;
  }
}

async function oneWay(session: Session, peer: Peer, count: number, buffers: number): Promise<number> {
  const payloads = Array.from({ length: buffers }, () => new Uint8Array(PAYLOAD_BYTES));
  const firsts = payloads.map(({ buffer }) => new DataView(buffer));
  let turn = 0;
  for (let number = 0; number < count; number++) {
    firsts[turn].setUint32(0, number, true);
    if (!session.send(payloads[turn])) await session.drained();
    turn = turn + 1 === buffers ? 0 : turn + 1;
  }
  return (await peer.answer('counted')).faults;
}

function roundTrips(
  session: Session,
  count: number,
  listen: (handler: (length: number) => void) => void,
): Promise<number> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  return new Promise((resolve) => {
    let answered = 0;
    let faults = 0;
    listen((length) => {
      if (length !== PAYLOAD_BYTES) faults += 1;
      answered += 1;
      if (answered === count) resolve(faults);
      else session.send(payload);
    });
    session.send(payload);
  });
}

async function requests(session: Session, count: number): Promise<number> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  let faults = 0;
  for (let number = 0; number < count; number++) {
    payload[0] = number & 0xff;
    const packet = await session.request(payload);
    if (packet.payload.length !== PAYLOAD_BYTES || packet.payload[0] !== (number & 0xff)) faults += 1;
  }
  return faults;
}
