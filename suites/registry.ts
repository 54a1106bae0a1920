import { bufferPool } from './buffer-pool.js';
import { endToEnd } from './end-to-end.js';
import { eventQueue } from './event-queue.js';
import type { Suite } from './harness/suite.js';
import { jsBoundary } from './js-boundary.js';
import { lockFreeMap } from './lock-free-map.js';
import { memTransport } from './mem-transport.js';
import { numa } from './numa.js';
import { packetCodec } from './packet-codec.js';
import { sessionDirectory } from './session-directory.js';
import { zeroCopyTransfer } from './zero-copy-transfer.js';

/** Every suite there is, in the order in which all of them run. */
export const SUITES: readonly Suite[] = [
  sessionDirectory,
  lockFreeMap,
  eventQueue,
  bufferPool,
  numa,
  packetCodec,
  jsBoundary,
  memTransport,
  zeroCopyTransfer,
  endToEnd,
];
