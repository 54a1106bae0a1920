import { getSystemErrorName } from 'node:util';
import type { TransportErrorCode } from './errors.js';
import {
  CLOSE_BUFFER_BUDGET,
  CLOSE_CONNECTION_LOST,
  CLOSE_CONNECTION_RESET,
  CLOSE_EXT_HEADER_TOO_LARGE,
  CLOSE_ORDERLY,
  CLOSE_OUT_OF_MEMORY,
  CLOSE_PAYLOAD_TOO_LARGE,
  CLOSE_PROTOCOL_COMPRESSION,
  CLOSE_PROTOCOL_FRAGMENTED,
  CLOSE_PROTOCOL_PACKET_TYPE,
  CLOSE_PROTOCOL_TRUNCATED,
  CLOSE_PROTOCOL_VERSION,
  CLOSE_SEND_BUFFER_CHANGED,
  CLOSE_SEND_BUFFER_LOST,
  CLOSE_SLOW_CONSUMER,
  CLOSE_STALLED,
  CLOSE_TRANSPORT_CLOSED,
  CLOSE_WORKER_EXITED,
} from './layout.generated.js';
import type { ResolvedOptions } from './options.js';
import type { CloseReason } from './transport.js';

type Describe = (value: number, options: ResolvedOptions) => string;

const REASONS: Record<number, [TransportErrorCode, Describe]> = {
  [CLOSE_PROTOCOL_VERSION]: [
    'ERR_MSGTRANS_PROTOCOL_VERSION',
    (value) => `the peer sent version ${value}; this side speaks version 1 only: is it a msgtrans peer?`,
  ],
  [CLOSE_PROTOCOL_COMPRESSION]: [
    'ERR_MSGTRANS_PROTOCOL_COMPRESSION',
    (value) => `the peer sent compression ${value}; only 0 (none) is understood: switch it off on the peer`,
  ],
  [CLOSE_PROTOCOL_PACKET_TYPE]: [
    'ERR_MSGTRANS_PROTOCOL_PACKET_TYPE',
    (value) => `the peer sent packet type ${value}; there are 0, 1 and 2`,
  ],
  [CLOSE_PROTOCOL_FRAGMENTED]: [
    'ERR_MSGTRANS_PROTOCOL_FRAGMENTED',
    () => 'the peer sent a fragmented packet; send it whole',
  ],
  [CLOSE_PROTOCOL_TRUNCATED]: [
    'ERR_MSGTRANS_PROTOCOL_TRUNCATED',
    () => 'the peer closed in the middle of a packet; that packet is lost',
  ],
  [CLOSE_PAYLOAD_TOO_LARGE]: [
    'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
    (value, options) =>
      `the peer announced a payload of ${value} bytes; the limit is ${options.payloadBytesMax} (payloadBytesMax)`,
  ],
  [CLOSE_EXT_HEADER_TOO_LARGE]: [
    'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
    (value, options) =>
      `the peer announced an ext header of ${value} bytes; the limit is ${options.extHeaderBytesMax} (extHeaderBytesMax)`,
  ],
  [CLOSE_CONNECTION_RESET]: [
    'ERR_MSGTRANS_CONNECTION_RESET',
    () => 'the peer reset the connection; what was under way is lost',
  ],
  [CLOSE_CONNECTION_LOST]: [
    'ERR_MSGTRANS_CONNECTION_LOST',
    (errno) =>
      `the connection was lost (${errno === 0 ? 'the peer takes no more bytes' : systemErrorName(errno)})`,
  ],
  [CLOSE_SLOW_CONSUMER]: [
    'ERR_MSGTRANS_SLOW_CONSUMER',
    (_, options) =>
      `the peer read too slowly: its queue reached ${options.writeQueueBytesMax} bytes (writeQueueBytesMax) or all ` +
      `queues together ${options.writeQueueTotalBytesMax} (writeQueueTotalBytesMax)`,
  ],
  [CLOSE_STALLED]: [
    'ERR_MSGTRANS_STALLED',
    (_, options) =>
      `the peer took none of the queued bytes for ${options.stallTimeoutMs} ms (stallTimeoutMs)`,
  ],
  [CLOSE_BUFFER_BUDGET]: [
    'ERR_MSGTRANS_BUFFER_BUDGET',
    (_, options) =>
      `no memory was left for a large packet: ${options.bufferBytesMax} bytes (bufferBytesMax) are in use; ` +
      'release retained messages, or raise the limit',
  ],
  [CLOSE_OUT_OF_MEMORY]: ['ERR_MSGTRANS_OUT_OF_MEMORY', () => 'the system refused memory for this session'],
  [CLOSE_TRANSPORT_CLOSED]: [
    'ERR_MSGTRANS_CLOSED',
    () => 'the transport was closed before this session had sent everything (drainTimeoutMs)',
  ],
  [CLOSE_SEND_BUFFER_LOST]: [
    'ERR_MSGTRANS_SEND_BUFFER_LOST',
    () =>
      'memory that was given to send was moved, detached or resized before all of it was written; leave it as it is ' +
      'until drained() resolves, or send a copy',
  ],
  [CLOSE_SEND_BUFFER_CHANGED]: [
    'ERR_MSGTRANS_SEND_BUFFER_CHANGED',
    () =>
      'memory that was given to send was written to before all of it was sent (found by debugBuffers); leave it as it ' +
      'is until drained() resolves, or send a copy',
  ],
  [CLOSE_WORKER_EXITED]: [
    'ERR_MSGTRANS_WORKER_EXITED',
    () => 'the thread at the other end of this session ended; what was under way is lost',
  ],
};

/** The reason of a close event, from the engine's code and the number that goes with it. */
export function closeReasonOf(
  code: number,
  value: number,
  local: boolean,
  options: ResolvedOptions,
): CloseReason {
  if (code === CLOSE_ORDERLY) {
    return { code: undefined, message: local ? 'closed by this side' : 'closed by the peer', local };
  }
  const [name, describe] = REASONS[code];
  return { code: name, message: describe(value >>> 0, options), local };
}

/** `ECONNREFUSED` for 111, and so on. */
export function systemErrorName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
