import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quantile } from './statistics/quantile.js';

const REPETITIONS = 120;
/** A machine with many processors is sampled; the figure is about neighbours, not about each processor. */
const PROCESSORS_MAX = 8;
const TIMEOUT_MS = 20_000;

/**
 * Spread of a fixed 4 ms integer kernel, repeated on each processor: (p95 − p5) ÷ median × 100, the worst processor.
 * Steal and pressure stay silent while the hypervisor changes a processor's speed; this does not.
 */
export async function measureAluNoise(
  processors: readonly number[],
  taskset: boolean,
  signal: AbortSignal,
): Promise<number> {
  const script = join(import.meta.dirname, 'alu-kernel.js');
  const runs = processors.slice(0, PROCESSORS_MAX).map(async (processor) => {
    const node = [process.execPath, script, String(REPETITIONS)];
    const [command, ...args] = taskset ? ['taskset', '-c', String(processor), ...node] : node;
    const { stdout } = await promisify(execFile)(command, args, { timeout: TIMEOUT_MS, signal });
    return spreadPercent((JSON.parse(stdout) as { timesNs: number[] }).timesNs);
  });
  return Math.max(...(await Promise.all(runs)));
}

export function spreadPercent(timesNs: readonly number[]): number {
  return (100 * (quantile(timesNs, 0.95) - quantile(timesNs, 0.05))) / quantile(timesNs, 0.5);
}
