import type { PayloadReader } from './message-words.js';

/** What a load hears of its sessions, by their index in the group. */
export interface LoadEvents {
  /** `reader` is valid until this returns. */
  onMessage(index: number, reader: PayloadReader): void;
  onClosed(index: number, reason: string): void;
}

/** The ends of the sessions of one group on the thread that makes the load. Each arm has its own. */
export interface LoadEnds {
  /** Messages of this length from now on. */
  prepare(payloadBytes: number): void;
  /** Where the next message is written. What is not written holds what was there last, or zero. */
  readonly words: Int32Array;
  /** The next messages go to the sessions from `begin` to before `end`: what sending to them looks at may be fetched. */
  lookAhead?(begin: number, end: number): void;
  /** Sends what was written into {@link words}, on one session. */
  send(index: number): void;
  /** Closes these sessions and opens as many anew, in their places. Resolves when all are open; until then none is used. */
  reconnect(indices: readonly number[]): Promise<void>;
  /** Closes all sessions. */
  close(): Promise<void>;
}

/** How an arm opens sessions. */
export interface LoadConnector {
  /** @param seed decides which session has which index: those that follow each other are not neighbours in the arm */
  connect(url: string, sessions: number, seed: number, events: LoadEvents): Promise<LoadEnds>;
}
