import type { HighPerformanceTransport } from '../../core/index.js';

/** Payloads that the engine has copied in this thread since the transport was made, by its own counters. */
export function engineCopies(transport: HighPerformanceTransport): number {
  const { payloadCopies, forwardCopies } = transport.counters();
  return payloadCopies + forwardCopies;
}
