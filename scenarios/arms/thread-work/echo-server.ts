import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../../../core/index.js';
import { threadId } from '../in-process/thread-clock.js';
import type { EndAnswer, EndData } from './echo-protocol.js';

/** One end of a pair, on a thread of its own: sends back what comes. */

if (parentPort === null) throw new Error('runs as a Worker of the thread work');
const port = parentPort;
const answer = (message: EndAnswer): void => port.postMessage(message);

const transport = await HighPerformanceTransport.create();
transport.onBatch((batch) => {
  for (const message of batch) message.reply(message);
});
const { url } = await transport.listen((workerData as EndData).url);
answer({ kind: 'ready', threadId: threadId(), url });
