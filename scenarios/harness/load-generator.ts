import type { CaseParameters } from './case-parameters.js';
import type { LedgerRecord } from './record.js';
import type { ScrapeTally } from './scrape-tally.js';
import type { SparseCounts } from './statistics/sparse-histogram.js';

/** Sessions of one server under load, named by the harness. */
export interface GroupWindow {
  group: string;
  discardNs: number;
  measureNs: number;
  /**
   * An appointment (CLOCK_MONOTONIC): what arrives from this moment on, for `measureNs`, is counted, by every generator that is
   * given the same. One that is not ready by then measures later, and says so by `startNs`.
   */
  measureAtNs?: number;
  /**
   * Closed loop: a job. Each session sends exactly so many requests, and the window lasts from the first of them to the
   * last reply; `measureNs` is the time after which nothing more is sent, and `discardNs` must be 0.
   */
  messagesPerSession?: number;
}

export interface GeneratorWindow {
  group: string;
  startNs: number;
  endNs: number;
  /** Of a window with an appointment: when it could have begun to measure. */
  readyNs?: number;
  /** Completed in the window: answered, or acknowledged as received where nothing is answered. */
  operations: number;
  /** Payload bytes of these in one direction. */
  bytes: number;
  /** Open loop: requests meant for the window on sessions that were not cut, and those answered in time. */
  intended?: number;
  answeredInTime?: number;
  serverCpuNs: number;
  generatorCpuNs: number;
  latencyNs: { samples: number; mean: number; p50: number; p99: number; max: number } | null;
  /** Of a broadcast: frames meant for this window, and those that came before the next tick. */
  framesDue?: number;
  framesOnTime?: number;
}

export interface GroupHistograms {
  serviceTimeNs: SparseCounts;
  responseTimeNs: SparseCounts | null;
  /** What came back from the admin endpoint of a server that is scraped while its windows run. */
  scrapes?: ScrapeTally;
}

export interface GroupLedger {
  ledger: LedgerRecord;
  /** Sessions that the load has cut, and what they had out: part of what the ledger calls unacknowledged. */
  killedSessions: number;
  unacknowledgedOnKilled: number;
  sentPerSessionMin: number;
}

/** Where a group connects to. */
export interface LoadTarget {
  url: string;
  /** Whose processor time is the server's. */
  pid: number;
  /** Local addresses that the sessions go round; none leaves the choice to the kernel. */
  sourceAddresses: readonly string[];
}

/**
 * What makes the load of a case and checks what comes back. Drives groups of sessions one window after the other, and
 * keeps the ledger of each from its first message on.
 */
export interface LoadGenerator {
  /** A server of several processes has a target for each; every one gets its share of the sessions. */
  connect(group: string, targets: readonly LoadTarget[], sessions: number, seed: number): Promise<void>;
  /** One window after the other, in this order; the answers in the same order. */
  run(windows: readonly GroupWindow[], parameters: CaseParameters): Promise<GeneratorWindow[]>;
  /** All measured windows since they were last asked for. */
  histograms(group: string): Promise<GroupHistograms>;
  ledger(group: string): Promise<GroupLedger>;
  /** Closes the sessions; the ledger stays readable. */
  disconnect(group: string): Promise<void>;
  /** False once its process is gone: nothing more can be asked of it. */
  readonly running: boolean;
}
