import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { clopperPearson } from './clopper-pearson.js';
import { drawNormal } from './draw-normal.js';
import { gatePlan, logLimit } from './gate-plan.js';
import { CONTROL_CHANCE, judgeControl } from './negative-control.js';
import { RATE_PLAN, simulatedNormal } from './testing/simulated-units.js';

const [RATE] = RATE_PLAN.metrics;

/** As this gate's units spread on a shared machine with two processors, in per cent; that of syscalls is assumed. */
const SEEN = { throughput: 1.32, cpu: 2.5, p50: 3.16, p99: 1.6, syscalls: 1 };
type Name = keyof typeof SEEN;
const NAMES = Object.keys(SEEN) as Name[];
const PLAN = gatePlan(
  NAMES.map((name) => ({ name, kind: 'noisy', limitPercent: name === 'p99' ? 50 : 5 }) as const),
);
const GATES = Number(process.env.MSGTRANS_GATE_SIMULATIONS ?? 1_500);

/** The share of gates whose control objects to a metric of `asked`, when all are shifted by so much. */
function objecting(controls: number, asked: readonly Name[], shift: number, seed: number): number {
  const random = createRandom(seed);
  const draw = (count: number, name: Name, centre: number): number[] =>
    Array.from({ length: count }, () => centre + (SEEN[name] / 100) * drawNormal(random));
  let gates = 0;
  for (let gate = 0; gate < GATES; gate++) {
    const suspects = PLAN.metrics.filter((metric) => {
      const name = metric.name as Name;
      if (!asked.includes(name)) return false;
      const [control, candidate] = [draw(controls, name, shift), draw(4 * controls, name, shift)];
      return judgeControl(PLAN, metric, control, candidate).suspect;
    });
    if (suspects.length > 0) gates++;
  }
  if (process.env.MSGTRANS_GATE_SIMULATIONS !== undefined) {
    const [low, high] = clopperPearson(gates, GATES).map((share) => (100 * share).toFixed(2));
    console.log(
      `seed ${seed}: ${controls} control units, ${asked.join(', ')} at ${shift.toFixed(4)}: ` +
        `${gates} of ${GATES} object (${low} to ${high} %)`,
    );
  }
  return gates / GATES;
}

describe('the negative control', { timeout: 30_000 + 30 * GATES }, () => {
  it.each([3, 6, 9, 12, 24])(
    'objects to a sound machine once in two hundred gates at most, with %d invocations',
    (count) => {
      // Three standard errors of the simulation above what is promised.
      const reach = 3 * Math.sqrt(CONTROL_CHANCE / GATES);
      expect(objecting(count, NAMES, 0, 30 + count)).toBeLessThanOrEqual(CONTROL_CHANCE + reach);
    },
  );

  it('sees an asymmetry of L in the least noisy metric from the first look on', () => {
    expect(objecting(3, ['throughput'], logLimit(5), 60)).toBeGreaterThan(0.85);
    expect(objecting(9, ['throughput'], logLimit(5), 61)).toBeGreaterThan(0.99);
  });

  it('sees it in the others before a gate could fail by it, which takes 36 invocations', () => {
    expect(objecting(9, ['cpu'], logLimit(5), 62)).toBeGreaterThan(0.85);
    expect(objecting(9, ['p50'], logLimit(5), 63)).toBeGreaterThan(0.7);
    expect(objecting(24, ['cpu'], logLimit(5), 64)).toBeGreaterThan(0.98);
    expect(objecting(24, ['p50'], logLimit(5), 65)).toBeGreaterThan(0.95);
  });

  it('suspects on either side, and says how unlikely it is', () => {
    for (const sign of [1, -1]) {
      const found = judgeControl(
        RATE_PLAN,
        RATE,
        simulatedNormal(3, 3, 0.01, sign * logLimit(5)),
        simulatedNormal(12, 4, 0.01),
      );
      expect(found.suspect).toBe(true);
      expect(found.reason).toMatch(
        /differs from itself by -?\d\.\d\d % in 3 invocations, more than noise explains \(p = .+\): this machine shows/,
      );
    }
  });

  it('lets be what is less than 0.7 L, however sure, and what noise explains, however large', () => {
    const small = simulatedNormal(24, 4, 0.001, logLimit(3));
    expect(judgeControl(RATE_PLAN, RATE, small, simulatedNormal(96, 5, 0.001)).suspect).toBe(false);
    const large = simulatedNormal(3, 4, 0.001, logLimit(6));
    expect(judgeControl(RATE_PLAN, RATE, large, simulatedNormal(12, 5, 0.05)).suspect).toBe(false);
    expect(judgeControl(RATE_PLAN, RATE, large, simulatedNormal(12, 5, 0.01)).suspect).toBe(true);
  });

  it('holds each metric against its own limit', () => {
    const plan = gatePlan([{ name: 'p99', kind: 'noisy', limitPercent: 50 }]);
    const units = simulatedNormal(6, 5, 0.002, logLimit(5));
    expect(judgeControl(plan, plan.metrics[0], units, units).suspect).toBe(false);
  });

  it('says when there is none, and objects to nothing where no spread is known', () => {
    expect(judgeControl(RATE_PLAN, RATE, [], [])).toMatchObject({ invocations: 0, estimatePercent: null });
    expect(judgeControl(RATE_PLAN, RATE, [logLimit(20)], [0]).suspect).toBe(false);
  });
});
