/** Clocks of a thread of this process. */
import { readFileSync, readlinkSync } from 'node:fs';

/** CLOCK_MONOTONIC in ns; the same for all threads, unlike `performance.now()`. */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

/** The kernel's number of the calling thread, by which others pin it. */
export function threadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/**
 * Processor time that a thread of this process has used, in ns. The kernel adds to it when the thread gives the processor
 * up and at each of its ticks, so that a single reading may be some ms behind.
 */
export function threadCpuNs(thread: number): number {
  return Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0]);
}
