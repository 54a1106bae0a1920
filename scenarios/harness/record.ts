/**
 * The run record: the one object a run writes, from which everything else (tables, HTML, comparisons with
 * stored baselines) is made. Times are nanoseconds of the monotonic clock unless they are ISO strings.
 */
export const RECORD_SCHEMA = 'msgtrans.run/1';

export type Verdict = 'pass' | 'fail' | 'inconclusive';
export type CaseStatus = 'measured' | 'not-measurable' | 'projected';
export type CheckVerdict = 'pass' | 'fail' | 'missed' | 'not-measurable';
/** [low, high], 95 %, two-sided. */
export type Interval = [number, number];

export interface MachineRecord {
  /** Hash over stable facts only: CPU model, cores, kernel major. */
  fingerprint: string;
  cpuModel: string;
  cores: number;
  numaNodes: number;
  memoryBytes: number;
  kernel: string;
  node: string;
  v8: string;
  /** Spread of a fixed 4 ms integer kernel, repeated on each core: (p95 − p5) ÷ median × 100. */
  aluNoisePercent: number;
}

export interface BuildRecord {
  /** Full commit hash, or null outside a git checkout. */
  commit: string | null;
  dirty: boolean;
  /** SHA-256 over the sources of `native/`. */
  nativeHash: string;
  /** SHA-256 over the sources of `core/baseline/`. */
  baselineHash: string;
  compiler: string;
}

export interface MetricRecord {
  value: number;
  unit: string;
  better: 'higher' | 'lower';
  ci95: Interval | null;
  /** Rounds. */
  n: number;
  /** Why the figure is limited, for instance `generator-bound`. */
  mark?: string;
}

export interface RoundRecord {
  round: number;
  /** Start order of this arm's process in the round, from 0. */
  order: number;
  metrics: Record<string, number>;
}

/** Every message accounted for; all counts since the sessions were opened, warm-up included. */
export interface LedgerRecord {
  sent: number;
  delivered: number;
  droppedCounted: number;
  unacknowledgedAtClose: number;
  lost: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
}

/** One value per window of the arm, in time order. */
export interface SeriesRecord {
  unit: string;
  /** Middle of each window, nanoseconds since the run's first window. */
  atNs: number[];
  values: (number | null)[];
  /** Where a value stands for a stretch of a long run: the least and the most of it. */
  low?: (number | null)[];
  high?: (number | null)[];
}

export interface ArmRecord {
  transport: string;
  metrics: Record<string, MetricRecord>;
  /** HDR V2, compressed, base64; `service_time_ns`, in open loop `response_time_ns`, and `scrape_latency_ns`. */
  histograms: Record<string, string>;
  series: Record<string, SeriesRecord>;
  rounds: RoundRecord[];
  ledger: LedgerRecord;
  /** Least messages any session sent, added up over the rounds. */
  messagesPerSessionMin?: number;
  /** Length of this arm's windows in this case. */
  windowNs?: number;
  /** The first warm-up window of each round: a process that has just started, or comes from another case. */
  coldPass?: MetricRecord;
  errors?: ArmErrorRecord[];
  /** Sessions that the load has cut on purpose, and what they had out: part of the ledger's unacknowledged. */
  killed?: { sessions: number; unacknowledged: number };
}

/** Something that went wrong with an arm; its round of that case has no metrics. */
export interface ArmErrorRecord {
  round: number;
  code: string;
  message: string;
}

export interface CaseRecord {
  parameters: Record<string, string | number | boolean>;
  status: CaseStatus;
  reason: string | null;
  arms: Record<string, ArmRecord>;
  /** Arms that could not run here, with the reason. */
  absentArms?: Record<string, string>;
}

/** A figure of a fitted model. */
export interface FittedRecord {
  value: number;
  /** Null below 5 rounds. */
  ci95: Interval | null;
}

/**
 * How one arm's work grows with threads: what was measured, the Universal Scalability Law fitted to it, and what that
 * says for more threads than this machine has cores for, which is a projection and no result.
 */
export interface ScalingRecord {
  work: string;
  arm: string;
  /** Processors that this run could use. */
  cores: number;
  /** Operations per second of one thread. */
  throughputOfOne: FittedRecord;
  /** Speed-up with what the processors themselves gain or lose divided out: threads × speedup_against_alu. */
  points: (FittedRecord & { threads: number })[];
  /** Contention: the share of the work that waits for its turn. */
  sigma: FittedRecord;
  /** Coherency: what each pair of threads costs. */
  kappa: FittedRecord;
  /** False where only one number of threads above 1 was measured: it gives σ + 2κ, and the interval holds every split. */
  determined: boolean;
  /** The law at whole numbers of threads. */
  curve: (FittedRecord & { threads: number; projected: boolean })[];
}

export interface WindowRecord {
  case: string;
  arm: string;
  round: number;
  block: number;
  startNs: number;
  endNs: number;
}

export interface BlockRecord {
  case: string;
  round: number;
  block: number;
  stealPercent: number;
  /** Share of the block in which some task waited for a processor; null where the kernel has no PSI. */
  psiCpuSome: number | null;
  dropped: boolean;
  reason: string | null;
}

/** Better is above 1, whatever the metric's direction. */
export interface ComparisonRecord {
  case: string;
  metric: string;
  arm: string;
  /** Another arm of this run, or `stored:<name>`. */
  against: string;
  ratio: number;
  ci95: Interval | null;
  n: number;
  mark?: string;
  /** The paired ratio of each round, in the order of the rounds. */
  rounds?: number[];
}

export interface CheckRecord {
  id: string;
  case: string;
  kind: 'correctness' | 'service-level';
  expression: string;
  value: number | null;
  limit: number;
  verdict: CheckVerdict;
  reason: string | null;
}

/** A stretch in which a run stood still, between a kill and its resumption. */
export interface SoakGapRecord {
  fromSeconds: number;
  toSeconds: number;
  reason: string;
}

/** What the load did besides its steady work. */
export interface SoakPhaseRecord {
  kind: string;
  fromSeconds: number;
  toSeconds: number;
}

/** What the leak rule says of one gauge of one arm. Slopes are in bytes a second; a gauge of pieces is weighed. */
export interface LeakRecord {
  gauge: string;
  label: string;
  verdict: 'clean' | 'leak' | 'too-short' | 'absent';
  slopeBytesPerSecond: number | null;
  /** The slope of the baseline for as many operations, where it has one. */
  baselineBytesPerSecond: number | null;
  pRising: number | null;
  troughs: number;
  judgedSeconds: number;
  /** The smallest slope that would have been found in four of five runs. */
  detectableBytesPerSecond: number | null;
  /** Since when the alarm stands, seconds of the run. */
  sinceSeconds: number | null;
}

/** A run that goes on for hours. Seconds count from its beginning, gaps included. */
export interface SoakRecord {
  /** Planned. */
  durationSeconds: number;
  /** Worked, without the gaps. */
  measuredSeconds: number;
  checkpointSeconds: number;
  checkpoints: number;
  /** The record was made while the run went on. */
  running: boolean;
  lives: { startSeconds: number; endSeconds: number }[];
  gaps: SoakGapRecord[];
  phases: SoakPhaseRecord[];
  leaks: Record<string, LeakRecord[]>;
  /** The leak that was planted on purpose, if any. */
  plant: string | null;
}

export interface RunRecord {
  schema: typeof RECORD_SCHEMA;
  scenario: string;
  /** One line on what the scenario is. */
  title: string;
  /** What was claimed for this work before anybody measured it, from the scenario's file; records of before lack it. */
  announced?: string;
  /** Of the scenario's file, or of the suite's sources. */
  scenarioHash: string;
  seed: number;
  options: Record<string, unknown>;
  startedAt: string;
  finishedAt: string;
  interrupted: boolean;
  verdict: Verdict;
  reasons: string[];
  exitCode: number;
  machine: MachineRecord;
  build: BuildRecord;
  cases: Record<string, CaseRecord>;
  windows: WindowRecord[];
  blocks: BlockRecord[];
  comparisons: ComparisonRecord[];
  checks: CheckRecord[];
  /** Of runs that measure how work grows with threads. */
  scaling?: ScalingRecord[];
  /** What the planner decided and what a reader must know, one sentence each. */
  notes?: string[];
  /** Of a scenario of the kind soak. */
  soak?: SoakRecord;
}
