import type { PlannedCase } from '../planner.js';
import type { CaseRecord, FittedRecord, Interval, ScalingRecord } from '../record.js';
import { INTERVAL_VALUES_MIN } from '../statistics/bootstrap.js';
import { median, quantile } from '../statistics/quantile.js';
import type { Random } from '../statistics/random.js';
import { fitUsl, type UslLaw, uslAt } from '../statistics/usl.js';
import { groupsByWork } from './thread-plan.js';

const RESAMPLES = 2_000;

/** The speed-ups of one round, by number of threads. */
type RoundSpeedups = ReadonlyMap<number, number>;

/** A law, or the two ends between which one number of threads above 1 leaves it open. */
interface Fitted {
  law: UslLaw;
  /** Everything that slows work down is contention: the most that more threads can still bring. */
  highest: UslLaw;
  /** Everything is coherency. */
  lowest: UslLaw;
}

/**
 * Fits the Universal Scalability Law to each arm's work and says what it means for the numbers of threads that the file
 * asks for. Intervals come from the bootstrap over rounds, since blocks of a round share a process and what it lies in.
 */
export function fitScaling(
  planned: readonly PlannedCase[],
  cases: Readonly<Record<string, CaseRecord>>,
  cores: number,
  random: Random,
): ScalingRecord[] {
  const records: ScalingRecord[] = [];
  for (const [work, group] of groupsByWork(planned)) {
    const arms = [...new Set(group.flatMap((each) => each.arms))];
    for (const arm of arms) {
      const record = fitArm({ work, arm, cores }, group, cases, random.fork(`scaling ${work} ${arm}`));
      if (record !== null) records.push(record);
    }
  }
  return records;
}

function fitArm(
  head: Pick<ScalingRecord, 'work' | 'arm' | 'cores'>,
  group: readonly PlannedCase[],
  cases: Readonly<Record<string, CaseRecord>>,
  random: Random,
): ScalingRecord | null {
  const { rounds, counts } = speedupsOf(head.arm, group, cases);
  const one = group.find((each) => each.parameters.threads === 1);
  const throughput = cases[one?.name ?? '']?.arms[head.arm]?.metrics.throughput_ops_per_s;
  const fitted = fitRounds(rounds, counts);
  if (fitted === null || throughput === undefined) return null;
  const resampled = rounds.length < INTERVAL_VALUES_MIN ? [] : resample(rounds, counts, random);
  const figure = (
    pick: (fit: Fitted) => number,
    low: (fit: Fitted) => number = pick,
    high: (fit: Fitted) => number = pick,
  ): FittedRecord => ({ value: pick(fitted), ci95: intervalOf(resampled, low, high) });
  const threadsMax = Math.max(...group.map((each) => each.parameters.threads));
  const measuredMax = Math.max(...counts);
  return {
    ...head,
    throughputOfOne: { value: throughput.value, ci95: throughput.ci95 },
    points: [
      { threads: 1, value: 1, ci95: null },
      ...counts.map((threads) => ({ threads, ...pointOf(threads, head.arm, group, cases) })),
    ],
    sigma: figure(
      ({ law }) => law.sigma,
      ({ lowest }) => lowest.sigma,
      ({ highest }) => highest.sigma,
    ),
    kappa: figure(
      ({ law }) => law.kappa,
      ({ highest }) => highest.kappa,
      ({ lowest }) => lowest.kappa,
    ),
    determined: counts.length > 1,
    curve: Array.from({ length: threadsMax }, (_, index) => index + 1).map((threads) => ({
      threads,
      projected: threads > measuredMax,
      ...figure(
        ({ law }) => uslAt(law, threads),
        ({ lowest, highest }) => Math.min(uslAt(lowest, threads), uslAt(highest, threads)),
        ({ lowest, highest }) => Math.max(uslAt(lowest, threads), uslAt(highest, threads)),
      ),
    })),
  };
}

/** Rounds that have a speed-up for every number of threads that was measured. */
function speedupsOf(
  arm: string,
  group: readonly PlannedCase[],
  cases: Readonly<Record<string, CaseRecord>>,
): { rounds: RoundSpeedups[]; counts: number[] } {
  const byRound = new Map<number, Map<number, number>>();
  const counts: number[] = [];
  for (const { name, parameters } of group) {
    const { threads } = parameters;
    // A round whose blocks were all dropped has no figure.
    const rounds = (cases[name]?.arms[arm]?.rounds ?? []).filter(
      ({ metrics }) => metrics.speedup_against_alu !== undefined,
    );
    if (threads === 1 || rounds.length === 0) continue;
    counts.push(threads);
    for (const { round, metrics } of rounds) {
      const speedups = byRound.get(round) ?? new Map<number, number>();
      byRound.set(round, speedups.set(threads, threads * metrics.speedup_against_alu));
    }
  }
  const rounds = [...byRound.values()].filter((speedups) => speedups.size === counts.length);
  return { rounds, counts: counts.sort((left, right) => left - right) };
}

function pointOf(
  threads: number,
  arm: string,
  group: readonly PlannedCase[],
  cases: Readonly<Record<string, CaseRecord>>,
): FittedRecord {
  const name = group.find((each) => each.parameters.threads === threads)?.name ?? '';
  const metric = cases[name].arms[arm].metrics.speedup_against_alu;
  const ci95 = metric.ci95;
  return { value: threads * metric.value, ci95: ci95 && [threads * ci95[0], threads * ci95[1]] };
}

function fitRounds(rounds: readonly RoundSpeedups[], counts: readonly number[]): Fitted | null {
  if (rounds.length === 0 || counts.length === 0) return null;
  const points = counts.map((threads) => ({
    n: threads,
    x: median(rounds.map((speedups) => speedups.get(threads) as number)),
  }));
  const options = { lambda: 1, relative: true };
  const law = fitUsl(points, options);
  if (law !== null) return { law, highest: law, lowest: law };
  const highest = fitUsl(points, { ...options, kappa: 0 });
  const lowest = fitUsl(points, { ...options, sigma: 0 });
  if (highest === null || lowest === null) return null;
  // In the middle: half of what is lost to each. It goes through the point, as both ends do.
  return { law: { lambda: 1, sigma: highest.sigma / 2, kappa: lowest.kappa / 2 }, highest, lowest };
}

function resample(rounds: readonly RoundSpeedups[], counts: readonly number[], random: Random): Fitted[] {
  const fits: Fitted[] = [];
  for (let index = 0; index < RESAMPLES; index++) {
    const fit = fitRounds(
      rounds.map(() => rounds[random.below(rounds.length)]),
      counts,
    );
    if (fit !== null) fits.push(fit);
  }
  return fits;
}

function intervalOf(
  fits: readonly Fitted[],
  low: (fit: Fitted) => number,
  high: (fit: Fitted) => number,
): Interval | null {
  if (fits.length === 0) return null;
  return [quantile(fits.map(low), 0.025), quantile(fits.map(high), 0.975)];
}

/** Cases that need more cores than there are, and whose work was measured on fewer, become projected: a label, no figures. */
export function labelProjected(
  planned: readonly PlannedCase[],
  cases: Readonly<Record<string, CaseRecord>>,
  scaling: readonly ScalingRecord[],
): void {
  for (const { name, parameters, notMeasurable } of planned) {
    const fits = scaling.filter(({ work }) => work === parameters.work);
    const body = cases[name];
    if (fits.length === 0 || notMeasurable === null || parameters.threads <= fits[0].cores) continue;
    const measured = fits[0].points.map(({ threads }) => threads).join(' and ');
    body.status = 'projected';
    body.reason = `${notMeasurable}; projected from what ${measured} threads did`;
  }
}
