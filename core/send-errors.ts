import { TransportError } from './errors.js';
import { SLOT_CLOSING, SLOT_GENERATION, SLOT_STATE } from './layout.generated.js';
import type { ResolvedOptions } from './options.js';
import { sessionIdOf } from './session-id.js';
import type { SessionTable } from './session-table.js';
import type { SessionId } from './transport.js';

/** Why a send took nothing. */

export function writeQueueFull(
  id: SessionId,
  queuedBytes: number,
  bytes: number,
  { writeQueueBytesMax, writeQueueTotalBytesMax }: ResolvedOptions,
): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_WRITE_QUEUE_FULL',
    `session ${id} holds ${queuedBytes} unsent bytes and cannot take ${bytes} more: the limit is ` +
      `${writeQueueBytesMax} (writeQueueBytesMax) per session and ${writeQueueTotalBytesMax} ` +
      '(writeQueueTotalBytesMax) for all; wait for its drain event before sending again',
  );
}

export function totalFull(
  id: SessionId,
  bytes: number,
  { writeQueueTotalBytesMax }: ResolvedOptions,
): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_WRITE_QUEUE_FULL',
    `${bytes} bytes for session ${id} of another transport were not taken: all that is queued or under way here would ` +
      `be above ${writeQueueTotalBytesMax} bytes (writeQueueTotalBytesMax); send again when the other threads have ` +
      'caught up',
  );
}

export function tooLarge(length: number, extLength: number, options: ResolvedOptions): TransportError {
  const { payloadBytesMax, extHeaderBytesMax } = options;
  if (extLength > extHeaderBytesMax) {
    return new TransportError(
      'ERR_MSGTRANS_EXT_HEADER_TOO_LARGE',
      `an ext header of ${extLength} bytes is above the limit of ${extHeaderBytesMax} (extHeaderBytesMax); nothing was sent`,
    );
  }
  return new TransportError(
    'ERR_MSGTRANS_PAYLOAD_TOO_LARGE',
    `a payload of ${length} bytes is above the limit of ${payloadBytesMax} (payloadBytesMax); nothing was sent: ` +
      'split it, or raise the limit on both sides',
  );
}

export function notOpen(table: SessionTable, slotWord: number, generation: number): TransportError {
  const id = sessionIdOf(slotWord, generation);
  const sameSession = table.word(slotWord, SLOT_GENERATION) === generation;
  if (sameSession && table.word(slotWord, SLOT_STATE) === SLOT_CLOSING) {
    return new TransportError('ERR_MSGTRANS_CLOSED', `session ${id} is closing and takes no more messages`);
  }
  return new TransportError(
    'ERR_MSGTRANS_STALE_SESSION',
    `session ${id} is closed; forget its id and its tickets when its close event comes`,
  );
}

export function budgetSpent(bytes: number, { bufferBytesMax }: ResolvedOptions): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_BUFFER_BUDGET',
    `no buffer of ${bytes} bytes is left: the pool is in use and so are ${bufferBytesMax} bytes (bufferBytesMax) ` +
      'beside it; release retained messages, or raise the limit',
  );
}
