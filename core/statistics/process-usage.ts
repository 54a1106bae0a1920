import type { MemoryUse } from './performance-snapshot.js';

/** What the operating system and V8 say of this process and of the time. */
export interface ProcessUsage {
  /** A clock that does not jump, milliseconds. */
  nowMs(): number;
  /** Milliseconds since 1970. */
  unixMs(): number;
  /** CPU time of all threads of the process, user and system, microseconds. */
  cpuUs(): number;
  memory(): Omit<MemoryUse, 'poolBytes'>;
}

export const processUsage: ProcessUsage = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  cpuUs: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory: () => {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    return { rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
  },
};
