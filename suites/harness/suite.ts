import type { MetricName } from '../../scenarios/harness/metrics.js';
import type { CheckDefinition } from '../../scenarios/harness/scenario-schema.js';

/** What a suite is made of. A suite is data: cases, the arms that do the same work in each, and the numbers to reach. */
export interface Suite {
  /** The file's name, and `suite:<name>` in the record. */
  name: string;
  /** One line for `--list` and the report. */
  title: string;
  cases: readonly SuiteCase[];
}

export type SuiteParameters = Readonly<Record<string, number>>;

export interface SuiteCase {
  /** `work` or `work/key=value,…`: the parameters that tell it from the suite's other cases. */
  name: string;
  /** Handed to every arm, and kept in the record. */
  parameters: SuiteParameters;
  /** Bytes that one operation is about, where throughput in bytes says something, too. */
  bytesPerOperation?: number;
  /** Makes an operation part of a job that takes seconds and is measured whole. */
  job?: Job;
  arms: readonly SuiteArm[];
  targets?: readonly CheckDefinition[];
}

/** A job is one sample: the only one of its arm in a round, without any before it that is thrown away. */
export interface Job {
  operations: number;
  /** What an arm about does, for the estimate of how long the suite takes. */
  operationsPerSecondAbout: number;
}

export interface SuiteArm {
  /** `native`, `baseline`, `limit`, `rival:<name>`, or `native:<variant>`. */
  name: string;
  /** Called once per round: what it builds lives for one round. */
  make(parameters: SuiteParameters): Made | Promise<Made>;
}

/** Something to measure, or why this machine or this build cannot measure it. */
export type Made = { workload: Workload } | { notMeasurable: string };

export interface Workload {
  /** Does at least so many operations (1 or more) and times them itself. */
  run(operations: number): Measured | Promise<Measured>;
  /** Makes a run that takes seconds fail soon, since the suite was interrupted. */
  abandon?(): void;
  /** Gives back memory, threads and sessions before the next round begins. */
  release(): void | Promise<void>;
}

export interface Measured {
  nanoseconds: number;
  /** What was really done: workloads may round up to whole batches. */
  operations: number;
  /** Operations whose result was wrong. Any makes the run fail. */
  faults: number;
  /** Threads that each did a share: one operation took nanoseconds × threads ÷ operations. */
  threads: number;
  /** CPU time of all its threads, where it is worth telling: where threads may wait or spin. */
  cpuNanoseconds?: number;
  /** Further metrics of this run, for instance `pool_hit_rate`. */
  figures: Partial<Record<MetricName, number>>;
}
