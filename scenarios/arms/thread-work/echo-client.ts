import { hrtime } from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { HighPerformanceTransport } from '../../../core/index.js';
import { threadId } from '../in-process/thread-clock.js';
import {
  DEPTH,
  type EchoResult,
  type EchoTask,
  type EndAnswer,
  type EndData,
  PAYLOAD_BYTES,
} from './echo-protocol.js';

/** The other end: keeps so many numbered messages under way for the time it is told, and checks each that comes back. */

if (parentPort === null) throw new Error('runs as a Worker of the thread work');
const port = parentPort;
const answer = (message: EndAnswer): void => port.postMessage(message);

/** Words of a payload: the number, and at its end the number's complement. */
const CHECK_OFFSET = PAYLOAD_BYTES - 4;
const payload = new Uint8Array(PAYLOAD_BYTES);
const words = new DataView(payload.buffer);

let sent = 0;
let delivered = 0;
let startsAtNs = 0;
let endsAtNs = 0;
let measuredFrom = { atNs: 0, delivered: 0 };
let phase: 'resting' | 'discarding' | 'measuring' | 'draining' = 'resting';
let result: EchoResult;

const transport = await HighPerformanceTransport.create();
transport.onBatch((batch) => {
  for (const message of batch) {
    const number = message.length === PAYLOAD_BYTES ? message.getUint32(0, true) : -1;
    if (number < 0 || message.getUint32(CHECK_OFFSET, true) !== ~number >>> 0) result.corrupted += 1;
    else if (number < delivered) result.duplicated += 1;
    else if (number > delivered) result.reordered += 1;
    delivered += 1;
  }
  proceed(Number(hrtime.bigint()));
});
const session = await transport.connect((workerData as EndData).url);

function proceed(nowNs: number): void {
  if (phase === 'discarding' && nowNs >= startsAtNs) {
    measuredFrom = { atNs: nowNs, delivered };
    phase = 'measuring';
  } else if (phase === 'measuring' && nowNs >= endsAtNs) {
    result.startNs = measuredFrom.atNs;
    result.endNs = nowNs;
    result.operations = delivered - measuredFrom.delivered;
    phase = 'draining';
  }
  if (phase !== 'draining') fill();
  else if (delivered === sent) {
    phase = 'resting';
    answer({ kind: 'done', ...result, sent, delivered });
  }
}

function fill(): void {
  for (; sent - delivered < DEPTH; sent++) {
    words.setUint32(0, sent, true);
    words.setUint32(CHECK_OFFSET, ~sent, true);
    session.send(payload);
  }
}

port.on('message', ({ discardNs, measureNs }: EchoTask) => {
  sent = 0;
  delivered = 0;
  result = {
    ...{ startNs: 0, endNs: 0, operations: 0, sent: 0, delivered: 0 },
    ...{ duplicated: 0, reordered: 0, corrupted: 0 },
  };
  startsAtNs = Number(hrtime.bigint()) + discardNs;
  endsAtNs = startsAtNs + measureNs;
  phase = 'discarding';
  fill();
});
answer({ kind: 'ready', threadId: threadId(), url: (workerData as EndData).url });
