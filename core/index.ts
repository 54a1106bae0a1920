/**
 * msgtrans: message transport for Node.js with a native engine. This file is the whole public surface.
 */

export type { TransportErrorCode } from './errors.js';
export { TransportError } from './errors.js';
export type { TransportCounters } from './high-performance-transport.js';
export { HighPerformanceTransport } from './high-performance-transport.js';
export type { Message } from './message.js';
export type { MessageBatch } from './message-batch.js';
export type { SlowConsumerPolicy, TransportOptions } from './options.js';
export type { RetainedMessage } from './retained-message.js';
export { sessionSlot } from './session-id.js';
export type * from './transport.js';
