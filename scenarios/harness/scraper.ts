import autocannon from 'autocannon';
import { type ScrapeAnswer, ScrapeTally } from './scrape-tally.js';

/** How the admin endpoint of an arm is asked while the arm is measured. */
export interface ScrapePlan {
  connections: number;
  /** Scrapes per second over all connections; null: each connection asks again as soon as it was answered. */
  scrapesPerSecond: number | null;
  path: string;
  /** Asked after each scrape, as often; null: not at all. */
  healthPath: string | null;
}

/** How often autocannon looks whether it is to stop. */
const STOP_CHECK_MS = 20;
/** Ended by `stop`, not by the time. */
const DURATION_SECONDS_MAX = 86_400;
const ANSWER_TIMEOUT_SECONDS = 10;
/** From this many connections lost or answers left out on, the endpoint is taken to be gone. */
const FAILURES_MAX = 100;

/**
 * Scrapes one admin endpoint with autocannon. Of a fixed rate, autocannon sends each second's requests of a connection
 * one after the other at the beginning of that second: whoever compares windows makes them whole seconds.
 */
export class Scraper {
  readonly #adminUrl: string;
  readonly #plan: ScrapePlan;
  #running: { instance: autocannon.Instance; ended: Promise<void>; tally: ScrapeTally } | null = null;
  #startMs = 0;

  constructor(adminUrl: string, plan: ScrapePlan) {
    this.#adminUrl = adminUrl;
    this.#plan = plan;
  }

  /** Begins to ask; the connections are opened meanwhile. */
  start(): void {
    if (this.#running !== null) throw new Error('this scraper is running');
    const { connections, scrapesPerSecond, path, healthPath } = this.#plan;
    const tally = new ScrapeTally();
    // autocannon tells what a request's answer was, and right after it how long it took.
    let answer: Omit<ScrapeAnswer, 'latencyNs'> = { path, status: 0, retryAfter: undefined, bodyBytes: 0 };
    const asking = (asked: string): autocannon.Request => ({
      method: 'GET',
      path: asked,
      onResponse: (status, body, _context, headers = {}) => {
        answer = {
          path: asked,
          status,
          retryAfter: headerOf(headers, 'retry-after'),
          bodyBytes: body.length,
        };
      },
    });
    const requests = healthPath === null ? [asking(path)] : [asking(path), asking(healthPath)];
    const rate = scrapesPerSecond === null ? {} : { overallRate: scrapesPerSecond * requests.length };
    this.#startMs = performance.now();
    const options: autocannon.Options = {
      ...{ url: this.#adminUrl, connections, requests, ...rate },
      duration: DURATION_SECONDS_MAX,
      timeout: ANSWER_TIMEOUT_SECONDS,
      bailout: FAILURES_MAX,
      sampleInt: STOP_CHECK_MS,
    };
    let onEnd: (error: unknown) => void = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      onEnd = (error) => (error ? reject(error) : resolve());
    });
    const instance = autocannon(options, (error) => onEnd(error));
    instance.on('response', (_client, _status, _bytes, responseMs) => {
      const complete = { ...answer, latencyNs: responseMs * 1e6 };
      if (answer.path === path) tally.scrape(complete);
      else tally.health(complete);
    });
    instance.on('reqError', (error: Error) => tally.fault(`${this.#adminUrl}: ${error.message}`));
    this.#running = { instance, tally, ended };
  }

  /** Closes the connections and says what came back; answers that are still under way are not waited for. */
  async stop(): Promise<ScrapeTally> {
    if (this.#running === null) throw new Error('this scraper is not running');
    const { instance, ended, tally } = this.#running;
    tally.seconds = (performance.now() - this.#startMs) / 1e3;
    this.#running = null;
    instance.stop();
    await ended;
    return tally;
  }
}

function headerOf(headers: object, wanted: string): string | undefined {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted);
  return found === undefined ? undefined : String(found[1]);
}
