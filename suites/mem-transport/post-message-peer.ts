import { parentPort } from 'node:worker_threads';
import { type PeerAnswer, type PeerTask, REST, Spinner } from '../harness/peer-protocol.js';
import { PAYLOAD_BYTES } from './payload.js';

/** The other end of `postMessage`. */

if (parentPort === null) throw new Error('runs as a Worker of the suite');
const port = parentPort;
const spinner = new Spinner();
const answer = (message: PeerAnswer): void => port.postMessage(message);
let task: PeerTask = REST;
let received = 0;
let faults = 0;

port.on('message', (message: Uint8Array | PeerTask) => {
  if (!(message instanceof Uint8Array)) {
    task = message;
    received = 0;
    faults = 0;
    spinner.set(task.spinning);
    answer({ kind: 'taken' });
    return;
  }
  if (task.mode === 'echo') {
    port.postMessage(message);
    return;
  }
  const number = message[0] | (message[1] << 8) | (message[2] << 16) | (message[3] << 24);
  if (number !== received || message.length !== PAYLOAD_BYTES) faults += 1;
  received += 1;
  if (received === task.count) answer({ kind: 'counted', faults });
});
answer({ kind: 'ready', url: '' });
