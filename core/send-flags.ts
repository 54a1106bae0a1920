import { TransportError } from './errors.js';
import { FLAG_HIGH_PRIORITY } from './protocol/wire-layout.generated.js';
import type { SendOptions } from './transport.js';

/**
 * The header's flags that options ask for, after checking the rest of them.
 * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`
 */
export function sendFlags(options: SendOptions | undefined): number {
  if (options === undefined) return 0;
  const { bizType, extHeader, handOver } = options;
  if (bizType !== undefined && !(Number.isInteger(bizType) && bizType >= 0 && bizType <= 255)) {
    throw new TransportError(
      'ERR_MSGTRANS_INVALID_ARGUMENT',
      `bizType ${String(bizType)} is not a whole number from 0 to 255`,
    );
  }
  if (extHeader !== undefined) checkBytes(extHeader, 'extHeader');
  if (handOver !== undefined && typeof handOver !== 'boolean') {
    throw new TransportError(
      'ERR_MSGTRANS_INVALID_ARGUMENT',
      `handOver ${String(handOver)} is neither true nor false`,
    );
  }
  return options.highPriority ? FLAG_HIGH_PRIORITY : 0;
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` unless `bytes` is a Uint8Array (a Buffer is one) */
export function checkBytes(bytes: unknown, name: string): void {
  if (!(bytes instanceof Uint8Array)) {
    const got = bytes === null ? 'null' : typeof bytes;
    throw new TransportError(
      'ERR_MSGTRANS_INVALID_ARGUMENT',
      `${name} must be a Uint8Array (a Buffer is one), got ${got}; encode text with new TextEncoder().encode(text)`,
    );
  }
}

/** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` when options give away memory that is not the caller's */
export function refuseHandOver(options: SendOptions | undefined): void {
  if (options?.handOver !== true) return;
  throw new TransportError(
    'ERR_MSGTRANS_INVALID_ARGUMENT',
    'handOver: a received message is passed on as it lies; only a buffer of allocate() can be handed over',
  );
}
