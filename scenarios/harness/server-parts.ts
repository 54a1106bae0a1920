import type { ArmProcess } from './arm-process.js';
import type { LoadTarget } from './load-generator.js';
import { peakBytes, resetPeak, residentBytes } from './process-memory.js';
import { portsPerAddress, sourceAddresses } from './source-addresses.js';

/** One process of an arm's server; most arms have one. */
export interface ServerPart {
  process: ArmProcess;
  /** Listening address by `listenerKey`. */
  urls: Readonly<Record<string, string>>;
}

/** Where the sessions of a case go: to each part its share of them. */
export function targetsOf(parts: readonly ServerPart[], listener: string, sessions: number): LoadTarget[] {
  const ports = portsPerAddress();
  return parts.map(({ process, urls }) => ({
    url: urls[listener],
    pid: process.pid,
    sourceAddresses: sourceAddresses(urls[listener], Math.ceil(sessions / parts.length), ports),
  }));
}

/** The counters of all parts, added up. */
export async function readCounters(parts: readonly ServerPart[]): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const answers = await Promise.all(parts.map(({ process }) => process.command('counters')));
  for (const { counters } of answers) {
    for (const [name, value] of Object.entries((counters ?? {}) as Record<string, unknown>)) {
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
    }
  }
  return sums;
}

export function resetPeaks(parts: readonly ServerPart[]): void {
  for (const { process } of parts) resetPeak(process.pid);
}

export function peakBytesOf(parts: readonly ServerPart[]): number {
  return parts.reduce((sum, { process }) => sum + peakBytes(process.pid), 0);
}

export function residentBytesOf(parts: readonly ServerPart[]): number {
  return parts.reduce((sum, { process }) => sum + residentBytes(process.pid), 0);
}

export function areRunning(parts: readonly ServerPart[]): boolean {
  return parts.every(({ process }) => process.running);
}
