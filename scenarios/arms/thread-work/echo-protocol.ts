/** What the process says to the two threads of a pair, and what they answer. */

export const PAYLOAD_BYTES = 64;
/** Messages that a client keeps under way: enough that each end finds a batch of them when its turn comes. */
export const DEPTH = 64;

/** `workerData` of both ends. */
export interface EndData {
  /** Where the server listens, and the client connects. */
  url: string;
}

export type EndAnswer =
  /** Up; `threadId` is the kernel's number of its thread. */
  { kind: 'ready'; threadId: number; url: string } | ({ kind: 'done' } & EchoResult);

export interface EchoTask {
  discardNs: number;
  measureNs: number;
}

/** All messages of a task, and those between `startNs` and `endNs`. */
export interface EchoResult {
  startNs: number;
  endNs: number;
  operations: number;
  sent: number;
  delivered: number;
  /** Messages with a number before the one that was due: it came a second time. */
  duplicated: number;
  /** Messages with a later number than the one that was due. */
  reordered: number;
  corrupted: number;
}
