import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../../core/index.js';
import { type PeerAnswer, type PeerTask, REST } from '../harness/peer-protocol.js';
import { engineCopies } from './engine-copies.js';
import type { MemPeerData } from './mem.js';
import { faultIn } from './payload-words.js';

/** The other end of `mem://`: looks at what comes where it lies, or at a copy of it, or passes it on to where it came from. */

if (parentPort === null) throw new Error('runs as a Worker of the suite');
const port = parentPort;
const answer = (message: PeerAnswer): void => port.postMessage(message);
const data = workerData as MemPeerData;
let task: PeerTask = REST;
let received = 0;
let faults = 0;

const transport = await HighPerformanceTransport.create(data.options);
port.on('message', (given: PeerTask) => {
  task = given;
  received = 0;
  faults = 0;
  answer({ kind: 'taken', copies: engineCopies(transport) });
});
transport.onBatch((batch) => {
  for (const message of batch) {
    if (task.mode === 'echo') {
      message.reply(data.copies ? message.copy().payload : message);
      continue;
    }
    faults += faultIn(data.copies ? message.copy().payload : message.payload(), received, data);
    received += 1;
    if (received === task.count) answer({ kind: 'counted', faults });
  }
});
const listener = await transport.listen(data.url);
answer({ kind: 'ready', url: listener.url });
