import { gatePlan, suspectsFrom } from '../statistics/gate-plan.js';
import type { GateVerdictFile } from '../verdict/gate-verdict.js';

/** What a reader wonders at: a slowdown that everybody sees, and a gate that measures on. */
export function lookNotes({ metrics }: GateVerdictFile): string[] {
  const noisy = metrics.flatMap(({ state }) => (state !== null && state.kind === 'noisy' ? [state] : []));
  if (noisy.length === 0) return [];
  const plan = gatePlan(noisy.map(({ name, kind, limitPercent }) => ({ name, kind, limitPercent })));
  const from = suspectsFrom(plan);
  if (from === plan.looks[0]) return [];
  return [
    `${noisy.length} metrics share the levels, so ${plan.looks[0]} invocations can clear them, and only ${from} or more can ` +
      'show a slowdown',
  ];
}
