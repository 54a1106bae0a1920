import { parentPort, workerData } from 'node:worker_threads';
import { type PeerAnswer, type PeerTask, REST } from '../harness/peer-protocol.js';
import { faultIn } from './payload-words.js';
import type { PostPeerData } from './post-message.js';

/** The other end of `postMessage`. What was transferred here is transferred back, some at a time. */

if (parentPort === null) throw new Error('runs as a Worker of the suite');
const port = parentPort;
const answer = (message: PeerAnswer): void => port.postMessage(message);
const data = workerData as PostPeerData;
let task: PeerTask = REST;
let received = 0;
let faults = 0;
let taken: Uint8Array[] = [];

port.on('message', (message: Uint8Array | PeerTask) => {
  if (!(message instanceof Uint8Array)) {
    task = message;
    received = 0;
    faults = 0;
    answer({ kind: 'taken' });
    return;
  }
  if (task.mode === 'echo') {
    port.postMessage(message, data.transfers ? [message.buffer as ArrayBuffer] : []);
    return;
  }
  faults += faultIn(message, received, data);
  received += 1;
  const isLast = received === task.count;
  if (data.transfers) {
    taken.push(message);
    if (isLast || taken.length >= data.returnEvery) {
      port.postMessage(
        taken,
        taken.map(({ buffer }) => buffer as ArrayBuffer),
      );
      taken = [];
    }
  }
  if (isLast) answer({ kind: 'counted', faults });
});
answer({ kind: 'ready', url: '' });
