import { Peer } from '../harness/peer.js';
import type { Made, SuiteArm, Workload } from '../harness/suite.js';
import { timedRun } from '../harness/timed-run.js';
import { PAYLOAD_BYTES } from './payload.js';

/** The rival that everybody has: `postMessage` between the main thread and a Worker. */

interface Path {
  way: 'one-way' | 'round-trip';
  spinning: boolean;
}

export function postMessageArm(name: string, path: Path): SuiteArm {
  return { name, make: () => makePostMessage(path) };
}

async function makePostMessage({ way, spinning }: Path): Promise<Made> {
  const peer = new Peer('mem-transport/post-message-peer.js');
  await peer.answer('ready');
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const first = new DataView(payload.buffer);
  const oneWay = async (count: number): Promise<number> => {
    for (let number = 0; number < count; number++) {
      first.setUint32(0, number, true);
      peer.post(payload);
    }
    return (await peer.answer('counted')).faults;
  };
  const roundTrips = (count: number): Promise<number> =>
    new Promise((resolve) => {
      let answered = 0;
      let faults = 0;
      peer.onPayload = (message) => {
        const echoed = message as Uint8Array;
        if (echoed.length !== PAYLOAD_BYTES || echoed[0] !== (answered & 0xff)) faults += 1;
        answered += 1;
        if (answered === count) {
          resolve(faults);
          return;
        }
        payload[0] = answered & 0xff;
        peer.post(payload);
      };
      payload[0] = 0;
      peer.post(payload);
    });
  const workload: Workload = {
    run: (count) =>
      way === 'one-way'
        ? timedRun(peer, { mode: 'count', count, spinning }, () => oneWay(count))
        : timedRun(peer, { mode: 'echo', count, spinning }, () => roundTrips(count)),
    release: () => peer.stop(),
  };
  return { workload };
}
