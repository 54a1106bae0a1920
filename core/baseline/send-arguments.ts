/** Checks of what callers pass to send, reply and request, before anything is taken. */
import { TransportError } from '../errors.js';
import type { ReplyTicket, SendOptions } from '../transport.js';
import { TIMEOUT_MS_MAX } from './baseline-options.js';

function invalid(message: string): TransportError {
  return new TransportError('ERR_MSGTRANS_INVALID_ARGUMENT', message);
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` unless `payload` is a Uint8Array */
export function checkPayload(payload: unknown): void {
  if (!(payload instanceof Uint8Array)) {
    throw invalid(`payload must be a Uint8Array, not ${typeof payload}; encode text with Buffer.from(text)`);
  }
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` for a biz type outside 0–255, an ext header that is no Uint8Array, or a buffer to be handed over: the baseline has none */
export function checkSendOptions({ bizType = 0, extHeader, handOver = false }: SendOptions): void {
  if (!Number.isInteger(bizType) || bizType < 0 || bizType > 255) {
    throw invalid(`bizType must be an integer from 0 to 255, not ${String(bizType)}`);
  }
  if (extHeader !== undefined && !(extHeader instanceof Uint8Array)) {
    throw invalid(`extHeader must be a Uint8Array, not ${typeof extHeader}`);
  }
  if (handOver)
    throw invalid('handOver: the baseline copies what it sends and has no buffers to be handed over');
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` for an answer to a response, or one of another biz type */
export function checkReply(answered: Omit<ReplyTicket, 'sessionId'>, { bizType }: SendOptions): void {
  if (answered.packetType === 'response') {
    throw invalid(`message ${answered.messageId} is a response and cannot be answered; use send`);
  }
  if (bizType !== undefined && bizType !== answered.bizType) {
    throw invalid(
      `a reply carries the biz type of what it answers, ${answered.bizType}, not ${bizType}; leave it out`,
    );
  }
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` unless `timeoutMs` is a delay that a timer keeps */
export function checkTimeout(timeoutMs: number): number {
  if (!(timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)) {
    throw invalid(`timeoutMs must be above 0 and at most ${TIMEOUT_MS_MAX}, not ${String(timeoutMs)}`);
  }
  return timeoutMs;
}
