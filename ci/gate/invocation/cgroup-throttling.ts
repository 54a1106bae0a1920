import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Microseconds for which the cgroup of this process was kept from running by its quota; null where none is counted. */
export function readThrottledUs(root = '/'): number | null {
  for (const path of statPaths(readText(join(root, 'proc/self/cgroup')) ?? '')) {
    const stat = readText(join(root, 'sys/fs/cgroup', path, 'cpu.stat'));
    const throttled = stat === null ? null : throttledUs(stat);
    if (throttled !== null) return throttled;
  }
  return null;
}

/** Version 2 first, then version 1, each as the process sees its own group and, in a container, as the root of it. */
function statPaths(cgroups: string): string[] {
  const lines = cgroups.split('\n').map((line) => line.split(':'));
  const unified = lines.filter(([id, controllers]) => id === '0' && controllers === '');
  const cpu = lines.filter(([, controllers]) => controllers?.split(',').includes('cpu'));
  const ofVersion1 = ['cpu', 'cpu,cpuacct'];
  return [
    ...unified.map(([, , path]) => path),
    ...cpu.flatMap(([, , path]) => ofVersion1.map((mount) => join(mount, path))),
    '',
    ...ofVersion1,
  ];
}

/** `throttled_usec` of version 2, `throttled_time` of version 1 in nanoseconds. */
function throttledUs(stat: string): number | null {
  const microseconds = /^throttled_usec (\d+)$/m.exec(stat)?.[1];
  if (microseconds !== undefined) return Number(microseconds);
  const nanoseconds = /^throttled_time (\d+)$/m.exec(stat)?.[1];
  return nanoseconds === undefined ? null : Number(nanoseconds) / 1_000;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
