import { readFileSync, writeFileSync } from 'node:fs';

/** Anonymous resident memory: what a process holds in user space, without mapped files and shared libraries. */
export function anonymousBytes(pid: number): number {
  return statusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'RssAnon');
}

/** All resident memory; NaN when the process is gone. */
export function residentBytes(pid: number): number {
  try {
    return statusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
  } catch {
    return Number.NaN;
  }
}

/** Highest resident set since the start, or since `resetPeak`. */
export function peakBytes(pid: number): number {
  return statusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');
}

/** Starts the peak anew, so that each case shows its own. Where the kernel refuses, the peak is that of the process. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Containers may mount /proc read-only; the peak then also covers the cases before.
  }
}

export function statusBytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kilobytes === undefined ? Number.NaN : Number(kilobytes) * 1024;
}
