import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport, type TransportOptions } from '../../core/index.js';
import { type PeerAnswer, type PeerTask, REST } from '../harness/peer-protocol.js';
import { PAYLOAD_BYTES } from './payload.js';

/** The other end of `mem://`: `workerData` says where to listen, and how the transport is made. */

if (parentPort === null) throw new Error('runs as a Worker of the suite');
const port = parentPort;
const answer = (message: PeerAnswer): void => port.postMessage(message);
const { url, options } = workerData as { url: string; options: TransportOptions };
let task: PeerTask = REST;
let received = 0;
let faults = 0;

port.on('message', (given: PeerTask) => {
  task = given;
  received = 0;
  faults = 0;
  answer({ kind: 'taken' });
});

const transport = await HighPerformanceTransport.create(options);
transport.onBatch((batch) => {
  for (const message of batch) {
    if (task.mode === 'echo') {
      message.reply(message);
      continue;
    }
    if (message.getUint32(0, true) !== received || message.length !== PAYLOAD_BYTES) faults += 1;
    received += 1;
    if (received === task.count) answer({ kind: 'counted', faults });
  }
});
const listener = await transport.listen(url);
answer({ kind: 'ready', url: listener.url });
