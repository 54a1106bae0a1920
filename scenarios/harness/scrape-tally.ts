import { SparseHistogram } from './statistics/sparse-histogram.js';

/** One answer of an admin endpoint. */
export interface ScrapeAnswer {
  path: string;
  status: number;
  /** The header, when the answer had it. */
  retryAfter: string | undefined;
  bodyBytes: number;
  latencyNs: number;
}

/** Different faults that are told apart; a broken endpoint says the same thing again and again. */
const FAULTS_MAX = 16;

/**
 * What came back from an admin endpoint. Right are 200 with something in it, and 503 with `Retry-After` where
 * refusing is allowed; whatever else is a fault.
 */
export class ScrapeTally {
  /** Answered with 200, by how long it took. */
  readonly latency = new SparseHistogram();
  /** Answered with 503 and `Retry-After`. */
  refused = 0;
  healthChecks = 0;
  /** Time in which the endpoint was scraped. */
  seconds = 0;
  readonly #faults = new Map<string, number>();

  get served(): number {
    return this.latency.samples;
  }

  /** Sentences, each with how often it holds. */
  get faults(): string[] {
    return [...this.#faults].map(([what, count]) => (count === 1 ? what : `${what} (${count} times)`));
  }

  scrape(answer: ScrapeAnswer): void {
    const { path, status, retryAfter, bodyBytes, latencyNs } = answer;
    if (status === 200 && bodyBytes > 0) this.latency.add([[upToThreeDigits(latencyNs), 1]]);
    else if (status === 503 && isDelay(retryAfter)) this.refused += 1;
    else if (status === 503) this.fault(`${path} answered 503 without a Retry-After in seconds`);
    else this.fault(`${path} answered ${status}${bodyBytes === 0 ? ' with nothing in it' : ''}`);
  }

  health({ path, status }: ScrapeAnswer): void {
    this.healthChecks += 1;
    if (status !== 200) this.fault(`${path} answered ${status}`);
  }

  fault(what: string, count = 1): void {
    const key = this.#faults.has(what) || this.#faults.size < FAULTS_MAX ? what : 'other faults';
    this.#faults.set(key, (this.#faults.get(key) ?? 0) + count);
  }

  addAll(other: ScrapeTally): void {
    this.latency.addAll(other.latency);
    this.refused += other.refused;
    this.healthChecks += other.healthChecks;
    this.seconds += other.seconds;
    for (const [what, count] of other.#faults) this.fault(what, count);
  }
}

function isDelay(retryAfter: string | undefined): boolean {
  return retryAfter !== undefined && /^[1-9]\d*$/.test(retryAfter);
}

/** The highest value of its bucket, as the load generator's histograms have it. */
function upToThreeDigits(latencyNs: number): number {
  const bucket = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, latencyNs))) - 2);
  return Math.ceil(latencyNs / bucket) * bucket;
}
