import type { PowerPoint } from '../statistics/power-curve.js';
import type { BankMetric } from './bank-lines.js';
import type { SelftestKind, SeriesName } from './selftest-kinds.js';

/**
 * What banks show, for the page and for reports. It holds no clock and no chance that is not seeded: the same banks give the
 * same bytes. All slowdowns are in per cent, positive is slower; all intervals have 95 %.
 */
export const EVIDENCE_SCHEMA = 'msgtrans.gate-evidence/1';

export interface Evidence {
  schema: typeof EVIDENCE_SCHEMA;
  /** Of the stretches that are replayed. */
  seed: number;
  banks: { file: string; sha256: string; stretches: number; invocations: number }[];
  machines: EvidenceMachine[];
  /** What was measured: one page may hold several commits, and has to say so. */
  builds: EvidenceBuild[];
  /** In the order of every list of metrics below. */
  metrics: (BankMetric & { name: string })[];
  series: EvidenceSeries[];
  /** What this gate answers at which true slowdown of one metric: replayed from the noise of equal builds. */
  power: PowerSeries[];
  wanted: WantedSeries[];
  /** Whether the promise was kept, in words. */
  findings: Finding[];
}

export interface EvidenceMachine {
  fingerprint: string;
  cpuModel: string;
  cores: number;
  kernel: string;
  node: string;
  stretches: number;
  /** Least and most of the preflights. */
  aluNoisePercent: [number, number];
}

export interface EvidenceBuild {
  commit: string | null;
  dirty: boolean;
  /** That an invocation was to have of each case. */
  blocks: number;
  windowMs: number;
  stretches: number;
  invocations: number;
}

/** All invocations of one kind and wanted slowdown. */
export interface EvidenceSeries extends SeriesName {
  stretches: number;
  /** Amounts of injected work, each once, in the order of their use. */
  amounts: number[];
  invocations: {
    measured: number;
    /** Those that a gate would be fed with. */
    usable: number;
    failed: number;
    /** With too few undisturbed blocks. */
    disturbed: number;
  };
  metrics: SeriesMetric[];
  /** Blocks of the candidate, of all cases. */
  drops: { blocks: number; dropped: number; causes: Record<string, number> };
  /** Messages of all arms. */
  ledger: {
    sent: number;
    delivered: number;
    lost: number;
    duplicated: number;
    corrupted: number;
    otherFaults: number;
  };
  /** Disjoint gates of consecutive invocations, each on fresh processes, as they were measured. */
  wholeGates: GateTally;
  /** Gates that their stretch ended before they were decided, though not before their first look: they are in no tally. */
  unfinishedGates: number;
  /** Gates replayed from the same noise, centred and shifted; null where the series is too short. */
  replayedGates: ReplayedTally[] | null;
}

export interface SeriesMetric extends MeasuredSlowdown {
  name: string;
  /** Whether the injected work is meant to slow it. */
  targeted: boolean;
  /** Base against base, measured beside it. */
  control: MeasuredSlowdown;
}

export interface MeasuredSlowdown {
  invocations: number;
  /** Hodges–Lehmann; null without an invocation. */
  slowdownPercent: number | null;
  /** By the signed-rank test; null where there are too few invocations for one. */
  interval95: [number, number] | null;
  /** Of an invocation about the mean of its stretch; null below two. */
  deviationPercent: number | null;
}

export interface GateTally {
  gates: number;
  pass: number;
  fail: number;
  inconclusive: number;
  /** Clopper–Pearson; null without a gate. */
  failShare95: [number, number] | null;
  passShare95: [number, number] | null;
  invocationsMean: number | null;
}

export interface ReplayedTally extends GateTally {
  /** The metric that is shifted, and by how much. */
  metric: string;
  slowdownPercent: number;
}

export interface PowerSeries {
  metric: string;
  invocations: number;
  stretches: number;
  points: PowerPoint[];
}

export interface WantedSeries {
  kind: SelftestKind;
  percent: number | null;
  invocations: number;
  usable: number;
  missing: number;
}

export interface Finding {
  /** Null: too little of it to say, or nothing was promised. */
  holds: boolean | null;
  sentence: string;
}
