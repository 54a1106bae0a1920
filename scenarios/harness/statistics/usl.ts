/**
 * The Universal Scalability Law (Gunther, "Guerrilla Capacity Planning", 2007, chapter 4): what `n` workers get done,
 *
 *     X(n) = λ n ÷ (1 + σ (n − 1) + κ n (n − 1))
 *
 * with λ the rate of one alone, σ the share of the work that waits for its turn (contention), κ what each pair of workers
 * costs by keeping what they share alike (coherency). With κ = 0 it is Amdahl's law; with κ > 0 there is a number of
 * workers beyond which more of them get less done. Pure functions.
 */
export interface UslLaw {
  lambda: number;
  sigma: number;
  kappa: number;
}

export interface UslPoint {
  n: number;
  x: number;
}

export function uslAt({ lambda, sigma, kappa }: UslLaw, n: number): number {
  return (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

export interface UslFitOptions {
  /** Given instead of fitted: the rate of one worker alone is known. */
  lambda?: number;
  /** Whether a deviation counts as a share of the value, as it should where errors grow with it. */
  relative?: boolean;
  /** Given instead of fitted. */
  sigma?: number;
  kappa?: number;
}

const ITERATIONS_MAX = 200;
const CONVERGED = 1e-14;

/**
 * Nonlinear least squares by Levenberg and Marquardt, σ and κ not below 0. Null when there are fewer points than
 * parameters, or a point that is not positive.
 */
export function fitUsl(points: readonly UslPoint[], options: UslFitOptions = {}): UslLaw | null {
  const free = (['sigma', 'kappa', 'lambda'] as const).filter((name) => options[name] === undefined);
  // One worker says nothing about how several hinder each other.
  const telling = points.filter(({ n }) => n > 1 || options.lambda === undefined);
  if (telling.length < free.length || points.some(({ n, x }) => !(n >= 1 && x > 0 && Number.isFinite(x)))) {
    return null;
  }
  const candidates = [options];
  if (options.sigma === undefined) candidates.push({ ...options, sigma: 0 });
  if (options.kappa === undefined) candidates.push({ ...options, kappa: 0 });
  if (options.sigma === undefined && options.kappa === undefined)
    candidates.push({ ...options, sigma: 0, kappa: 0 });
  // The least of a convex valley lies inside of the bounds or on one of them: each is tried.
  let best: UslLaw | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const law = descend(points, candidate);
    const sum = squares(points, law, candidate);
    if (law.sigma >= 0 && law.kappa >= 0 && sum < least * (1 - 1e-12)) {
      best = law;
      least = sum;
    }
  }
  return best;
}

function weightOf({ x }: UslPoint, { relative = false }: UslFitOptions): number {
  return relative ? 1 / x : 1;
}

function squares(points: readonly UslPoint[], law: UslLaw, options: UslFitOptions): number {
  return points.reduce(
    (sum, point) => sum + (weightOf(point, options) * (point.x - uslAt(law, point.n))) ** 2,
    0,
  );
}

/** From a first guess downhill. */
function descend(points: readonly UslPoint[], options: UslFitOptions): UslLaw {
  const names = (['lambda', 'sigma', 'kappa'] as const).filter((name) => options[name] === undefined);
  let law = firstGuess(points, options);
  let sum = squares(points, law, options);
  let damping = 1e-3;
  for (let iteration = 0; iteration < ITERATIONS_MAX && names.length > 0; iteration++) {
    const step = solve(...normalEquations(points, law, options, names), damping);
    const next = { ...law };
    for (const [index, name] of names.entries()) next[name] += step[index];
    const nextSum = squares(points, next, options);
    if (Number.isFinite(nextSum) && nextSum <= sum) {
      const gained = sum - nextSum;
      law = next;
      sum = nextSum;
      damping = Math.max(damping / 10, 1e-12);
      if (gained <= CONVERGED * sum) break;
    } else {
      damping *= 10;
      if (damping > 1e12) break;
    }
  }
  return law;
}

/** λ from the fewest workers; σ and κ small, so that the way leads up from near linear growth. */
function firstGuess(points: readonly UslPoint[], options: UslFitOptions): UslLaw {
  const fewest = points.reduce((least, point) => (point.n < least.n ? point : least));
  return {
    lambda: options.lambda ?? fewest.x / fewest.n,
    sigma: options.sigma ?? 0.01,
    kappa: options.kappa ?? 1e-4,
  };
}

type Names = readonly (keyof UslLaw)[];

function normalEquations(
  points: readonly UslPoint[],
  law: UslLaw,
  options: UslFitOptions,
  names: Names,
): [matrix: number[][], right: number[]] {
  const matrix = names.map(() => names.map(() => 0));
  const right = names.map(() => 0);
  for (const point of points) {
    const { n } = point;
    const weight = weightOf(point, options);
    const value = uslAt(law, n);
    const divisor = 1 + law.sigma * (n - 1) + law.kappa * n * (n - 1);
    const slopes: UslLaw = {
      lambda: value / law.lambda,
      sigma: (-value * (n - 1)) / divisor,
      kappa: (-value * n * (n - 1)) / divisor,
    };
    for (const [row, name] of names.entries()) {
      right[row] += weight * slopes[name] * weight * (point.x - value);
      for (const [column, other] of names.entries()) {
        matrix[row][column] += weight * slopes[name] * weight * slopes[other];
      }
    }
  }
  return [matrix, right];
}

/** Solves (A + damping · diag A) · step = b for at most three unknowns, by elimination with pivots. */
function solve(matrix: readonly number[][], right: readonly number[], damping: number): number[] {
  const size = right.length;
  const rows = matrix.map((row, index) => [
    ...row.map((value, column) => (column === index ? value * (1 + damping) : value)),
    right[index],
  ]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < size; row++) {
      if (row === column || rows[column][column] === 0) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let position = column; position <= size; position++)
        rows[row][position] -= factor * rows[column][position];
    }
  }
  return rows.map((row, index) => (row[index] === 0 ? 0 : row[size] / row[index]));
}
