import { CLOSED_CASE, OPEN_CASE } from '../../ci/gate/invocation/gated-metrics.js';
import { shortBuild } from '../../ci/gate/output/gate-summary.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { metricName as metricWords } from '../view-model/metric-catalogue.js';

/** How the page speaks of what a gate has: cases, metrics, builds, slowdowns, exit codes. */

const LOOPS: ReadonlyMap<string, string> = new Map([
  [CLOSED_CASE, 'closed loop'],
  [OPEN_CASE, 'open loop at a fifth of saturation'],
]);

/** A case in two or three words where it is one of the gate's own, else by its name. */
export function caseInWords(name: string): string {
  return LOOPS.get(name) ?? name;
}

/** `throughput, closed loop` */
export function metricInWords({ case: caseName, metric }: { case: string; metric: string }): string {
  return `${metricWords(metric).label}, ${caseInWords(caseName)}`;
}

export function buildInWords(build: { commit: string | null; dirty: boolean }): string {
  return shortBuild(build);
}

const MINUS = '\u2212';

/** `+2.10 %` is slower; two decimals, because a limit of 5 % is read to a tenth. */
export function slowdownText(percent: number | null): string {
  if (percent === null || !Number.isFinite(percent)) return NOT_AVAILABLE;
  return `${signed(percent)}${THIN_SPACE}%`;
}

/** `[−0.31, +0.52]`, in per cent. */
export function slowdownIntervalText(interval: readonly [number, number] | null): string {
  return interval === null ? NOT_AVAILABLE : `[${signed(interval[0])}, ${signed(interval[1])}]`;
}

function signed(value: number): string {
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return digits;
  return `${value > 0 ? '+' : MINUS}${digits}`;
}

/** The ratio that a slowdown is, candidate ÷ base with better above 1: 5 % is 1 ÷ 1.05. */
export function ratioOfSlowdown(percent: number): number {
  return 1 / (1 + percent / 100);
}

/** What an exit code means, for a sentence. */
export function exitInWords(code: number): string {
  return `exit ${code}: ${EXIT_WORDS[code] ?? 'unknown'}`;
}

const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: 'pass',
  1: 'error',
  2: 'usage',
  3: 'regression',
  4: 'inconclusive',
  5: 'no baseline',
  6: 'a check failed',
  130: 'interrupted',
};
