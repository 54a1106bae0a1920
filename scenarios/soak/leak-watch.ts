import type { LeakRecord } from '../harness/record.js';
import { GAUGE_LABELS } from './gauge-catalogue.js';
import { judgeLeaks, type LeakLimits } from './leak-rule.js';
import type { SoakState } from './soak-state.js';

/** Judges every arm at each checkpoint, and remembers since when an alarm stands. */
export class LeakWatch {
  readonly #limits: LeakLimits;
  readonly #since = new Map<string, number>();
  #findings: Record<string, LeakRecord[]> = {};

  constructor(limits: LeakLimits) {
    this.#limits = limits;
  }

  /** By arm. The baseline itself is held against nothing. */
  get findings(): Record<string, LeakRecord[]> {
    return this.#findings;
  }

  judge(state: SoakState): void {
    const baseline = state.arms.get('baseline')?.lives ?? [];
    this.#findings = {};
    for (const [arm, { lives }] of state.arms) {
      const findings = judgeLeaks(lives, arm === 'baseline' ? [] : baseline, this.#limits);
      this.#findings[arm] = findings.map((finding): LeakRecord => {
        const { slopePerSecond: _, ...kept } = finding;
        const key = `${arm} ${finding.gauge}`;
        if (finding.verdict !== 'leak') this.#since.delete(key);
        else if (!this.#since.has(key)) this.#since.set(key, state.atSeconds);
        return {
          ...kept,
          label: GAUGE_LABELS[finding.gauge].label,
          sinceSeconds: this.#since.get(key) ?? null,
        };
      });
    }
  }
}
