import type { LedgerCounts } from './sequence-ledger.js';

/** Makes the load of one shape on the sessions of one group, for one window at a time. */
export interface LoadDriver {
  /** Finds out what has to be known before the first window. */
  prepare?(turn: () => Promise<void>): Promise<void>;
  /** A window begins: what is sent from now on belongs to it. */
  begin(nowNs: number, discardNs: number, measureNs: number): void;
  /** Sends what is due now, a turn's worth at most. */
  pump(nowNs: number): void;
  /** Whether the load is as heavy as it gets; until then nothing is measured and no time is discarded. */
  readonly isUp: boolean;
  /** Whether messages leave by a schedule. */
  readonly isScheduled: boolean;
  /** Whether something that was meant to leave in this window has not. */
  readonly isBehind: boolean;
  /**
   * When the window is to be measured, said before it is: what was meant to come in it counts, however late this thread
   * notices that it has begun.
   */
  bound?(fromNs: number, toNs: number): void;
  /** Measures from now on, and no longer. */
  measure(nowNs: number): void;
  /** Nothing more is sent but what was meant to leave before. */
  rest(nowNs: number): void;
  /** Messages that were completed since the beginning. */
  completed(): number;
  /** Messages sent and not completed. */
  outstanding(): number;
  /** Grows whenever one of the outstanding ones is completed. */
  progress(): number;
  /** Durations of the messages of this window, once it has drained; they are forgotten. */
  takeDurations(): Durations;
  /** What the receiving end found. */
  counts(): LedgerCounts;
}

export interface Durations {
  serviceTimeNs: [number, number][];
  /** From when a message was meant to leave; null where there is no schedule. */
  responseTimeNs: [number, number][] | null;
}
