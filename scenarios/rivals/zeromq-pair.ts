/** What the arm `rival:zeromq` uses of the package zeromq, which is installed only where it is measured (DESIGN.md). */
import { createRequire } from 'node:module';

/** A socket that is connected to one other, in the words of the package's own types. */
export interface ZeromqPair extends AsyncIterable<Buffer[]> {
  linger: number;
  sendHighWaterMark: number;
  receiveHighWaterMark: number;
  sendTimeout: number;
  readonly closed: boolean;
  bind(address: string): Promise<void>;
  connect(address: string): void;
  /** Messages of 128 bytes and less are copied before this returns; longer ones belong to the socket from then on. */
  send(parts: readonly Uint8Array[]): Promise<void>;
  close(): void;
}

/** Seen from where it is built, as the arms are. */
const packages = createRequire(new URL('../../../scenarios/rivals/package.json', import.meta.url));

/**
 * A PAIR socket in the context that all threads of the process share.
 * @throws Error when the package is not installed, or has no binary for this system
 */
export function openZeromqPair(): ZeromqPair {
  const { Pair } = packages('zeromq') as { Pair: new () => ZeromqPair };
  const pair = new Pair();
  // What is under way is bounded by the load: a mark of our own would only add waiting, and 0 is without one.
  pair.sendHighWaterMark = 0;
  pair.receiveHighWaterMark = 0;
  // Without a mark there is always room. This says so, and spares each send the question and every 512th a turn of the loop.
  pair.sendTimeout = 0;
  // Everything has arrived when a group is closed; what had not would keep the process from ending.
  pair.linger = 0;
  return pair;
}
