import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { MachineRecord } from './record.js';

/** The machine as the record describes it. */
export function readMachine(aluNoisePercent: number): MachineRecord {
  const cpuModel = cpus()[0]?.model.trim() ?? 'unknown';
  const cores = cpus().length;
  const kernel = release();
  return {
    fingerprint: fingerprintOf(cpuModel, cores, kernel),
    cpuModel,
    cores,
    numaNodes: numaNodes(),
    memoryBytes: totalmem(),
    kernel,
    node: process.versions.node,
    v8: process.versions.v8,
    aluNoisePercent,
  };
}

/** Stable facts only: what an update or another boot changes must not make a machine a foreign one. */
export function fingerprintOf(cpuModel: string, cores: number, kernel: string): string {
  const kernelMajor = kernel.split('.')[0];
  return createHash('sha256').update(`${cpuModel}\n${cores}\n${kernelMajor}`).digest('hex').slice(0, 16);
}

export function numaNodes(): number {
  try {
    const nodes = readdirSync('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name));
    return Math.max(1, nodes.length);
  } catch {
    return 1;
  }
}

/** Processors this process may run on, from the kernel's list form ("0-3,8"). */
export function allowedProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return parseProcessorList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0');
}

export function parseProcessorList(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The hard limit: Node raises its own soft limit to it at start, and children inherit that. */
export function descriptorsMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? 1_048_576 : Number(hard);
}

export function hasTaskset(): boolean {
  return spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
}
