/** The gauges that a soak samples from its servers, and what the leak rule makes of them. */

export interface JudgedMeasure {
  label: string;
  unit: string;
  /** What one of it weighs in the rule, which is in bytes. */
  bytesPerUnit: number;
}

/** Judged by the leak rule: nothing of these may rise for ever. */
export const JUDGED_GAUGES = {
  heapUsedBytes: { label: 'JavaScript heap after collection', unit: 'bytes', bytesPerUnit: 1 },
  mallocBytes: { label: 'memory in use by malloc', unit: 'bytes', bytesPerUnit: 1 },
  // What sockets are read into; a smaller one counts as much, since it is as hard to get back.
  slicesLent: { label: 'pool slices lent', unit: 'slices', bytesPerUnit: 64 * 1024 },
  // The kernel keeps 4 to 8 KB for each end of a TCP connection.
  descriptors: { label: 'open descriptors', unit: 'descriptors', bytesPerUnit: 16 * 1024 },
  sessionsOpen: { label: 'open sessions', unit: 'sessions', bytesPerUnit: 16 * 1024 },
} as const satisfies Record<string, JudgedMeasure>;

export type JudgedGauge = keyof typeof JUDGED_GAUGES;

export interface ShownMeasure {
  label: string;
  unit: string;
}

/** Shown beside them. */
export const SHOWN_GAUGES = {
  rssBytes: { label: 'resident memory', unit: 'bytes' },
  externalBytes: { label: 'memory that JavaScript objects keep outside the heap', unit: 'bytes' },
  arrayBuffersBytes: { label: 'array buffers', unit: 'bytes' },
  poolBytes: { label: 'buffer pool, lent or not', unit: 'bytes' },
  retainedBytes: { label: 'retained messages', unit: 'bytes' },
  queuedBytes: { label: 'bytes that wait for their sockets', unit: 'bytes' },
  ringBytesUsed: { label: 'outbound ring in use', unit: 'bytes' },
  loopDelayP99Ns: { label: 'event-loop delay, p99 of the interval', unit: 'ns' },
  loopDelayMaxNs: { label: 'event-loop delay, longest of the interval', unit: 'ns' },
  gcPauseNs: { label: 'longest garbage collection of the interval', unit: 'ns' },
  generatorRssBytes: { label: 'resident memory of the load generator', unit: 'bytes' },
} as const satisfies Record<string, ShownMeasure>;

export const GAUGE_LABELS: Readonly<Record<string, ShownMeasure>> = { ...JUDGED_GAUGES, ...SHOWN_GAUGES };
