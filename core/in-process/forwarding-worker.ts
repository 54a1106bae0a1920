/**
 * One end of payloads that are passed on between threads: `receive` listens in process, checks what comes and writes over
 * it; `relay` passes what comes on its socket on to the session in process that `workerData.name` leads to.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { RetainedMessage } from '../retained-message.js';
import { isWhole } from './patterned-payload.js';

export interface ForwardingPlan {
  name: string;
  role: 'receive' | 'relay';
  /** Whether every message is retained, for as long as the thread lives. */
  retains?: boolean;
}

/** What a receiver tells of one message. */
export interface Receipt {
  length: number;
  bufferBytes: number;
  whole: boolean;
  extHeader: string;
  /** Of this thread, since its start. */
  payloadCopies: number;
}

const { name, role, retains } = workerData as ForwardingPlan;
const transport = await HighPerformanceTransport.create();
const kept: RetainedMessage[] = [];

if (role === 'receive') {
  transport.onBatch((batch) => {
    for (const message of batch) {
      if (retains) kept.push(message.retain());
      const payload = message.payload();
      const receipt: Receipt = {
        length: payload.length,
        bufferBytes: payload.buffer.byteLength,
        whole: isWhole(payload),
        extHeader: Buffer.from(message.extHeader()).toString(),
        payloadCopies: transport.counters().payloadCopies,
      };
      // Allowed, and nobody else's business.
      payload.fill(0xff);
      parentPort!.postMessage(receipt);
    }
  });
  await transport.listen(`mem://${name}`);
  parentPort!.postMessage('listening');
} else {
  const session = await transport.connect(`mem://${name}`);
  transport.onBatch((batch) => {
    for (const message of batch) message.forward(session);
  });
  const { port } = await transport.listen('tcp://127.0.0.1:0');
  parentPort!.postMessage(port);
}
