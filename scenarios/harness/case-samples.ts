import type { MetricName } from './metrics.js';
import type { PlannedCase } from './planner.js';
import type { BlockRecord, LedgerRecord, WindowRecord } from './record.js';
import { ScrapeTally } from './scrape-tally.js';
import { SparseHistogram } from './statistics/sparse-histogram.js';
import type { ArmPace } from './window-schedule.js';

/** What was measured, as it came in; `summarise.ts` makes metrics of it. */

export interface MeasuredWindow {
  startNs: number;
  endNs: number;
  operations: number;
  bytes: number;
  /** Open loop; 0 otherwise. */
  intended: number;
  answeredInTime: number;
  serverCpuNs: number;
  generatorCpuNs: number;
  latencyNsP50: number | null;
  latencyNsP99: number | null;
  /** Of a broadcast: frames meant for this window, and those that came before the next tick; else 0. */
  framesDue: number;
  framesOnTime: number;
  /** Its block was dropped: drawn, but not counted. */
  dropped: boolean;
}

export interface ArmError {
  round: number;
  code: string;
  message: string;
}

/** One arm in one round of a case. */
export interface ArmRound {
  round: number;
  order: number;
  windows: MeasuredWindow[];
  serviceTime: SparseHistogram;
  responseTime: SparseHistogram;
  /** Of an arm whose admin endpoint is scraped in its windows. */
  scrapes?: ScrapeTally;
  /** Differences over the measured blocks, by counter name. */
  counters: Record<string, number>;
  rssPeakBytes: number;
  memoryBytesPerSession: number;
  /** Metrics of the round that its windows alone do not tell. */
  figures?: Partial<Record<MetricName, number>>;
}

export class ArmSamples {
  readonly rounds: ArmRound[] = [];
  /** Operations per second of the first warm-up window, by round. */
  readonly coldRates: number[] = [];
  readonly errors: ArmError[] = [];
  readonly serviceTime = new SparseHistogram();
  readonly responseTime = new SparseHistogram();
  readonly scrapes = new ScrapeTally();
  messagesPerSessionMin = 0;
  killedSessions = 0;
  unacknowledgedOnKilled = 0;
  readonly ledger: LedgerRecord = {
    sent: 0,
    delivered: 0,
    droppedCounted: 0,
    unacknowledgedAtClose: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
  };

  addLedger(ledger: LedgerRecord): void {
    for (const key of Object.keys(this.ledger) as (keyof LedgerRecord)[]) this.ledger[key] += ledger[key];
  }

  addRound(round: ArmRound): void {
    this.rounds.push(round);
    this.serviceTime.addAll(round.serviceTime);
    this.responseTime.addAll(round.responseTime);
    if (round.scrapes !== undefined) this.scrapes.addAll(round.scrapes);
  }
}

export class CaseSamples {
  readonly planned: PlannedCase;
  readonly arms: ReadonlyMap<string, ArmSamples>;
  readonly windows: WindowRecord[] = [];
  readonly blocks: BlockRecord[] = [];
  /** Decided from the first warm-up and kept for all rounds, so that rounds are alike. */
  readonly paces = new Map<string, ArmPace>();

  constructor(planned: PlannedCase) {
    this.planned = planned;
    this.arms = new Map(planned.arms.map((arm) => [arm, new ArmSamples()]));
  }

  arm(name: string): ArmSamples {
    const samples = this.arms.get(name);
    if (samples === undefined) throw new Error(`case ${this.planned.name} has no arm ${name}`);
    return samples;
  }
}
