import type { LedgerRecord } from '../record.js';

/** What one window of work on some threads came to. Times are of the monotonic clock. */
export interface WorkWindow {
  startNs: number;
  endNs: number;
  /** Done between start and end, by all threads together. */
  operations: number;
  /** Processor time that these took, of all threads together. */
  cpuNs: number;
  /** Of everything since the window was asked for, its discarded start included. */
  ledger: LedgerRecord;
}

export interface WindowTask {
  threads: number;
  discardNs: number;
  measureNs: number;
}

/** Work that some threads share; made once, and then run on this number of threads or that. */
export interface ThreadWork {
  window(task: WindowTask): Promise<WorkWindow>;
  release(): Promise<void>;
}
