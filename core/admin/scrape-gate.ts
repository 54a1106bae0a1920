/** What a gate needs of the time; scripted in tests. */
export interface GateClock {
  nowMs(): number;
  after(delayMs: number, call: () => void): void;
}

const systemClock: GateClock = {
  nowMs: () => performance.now(),
  after: (delayMs, call) => void setTimeout(call, delayMs).unref(),
};

/**
 * Keeps scrapes from taking the thread away from the messages: at most so many at once, and their work so far apart
 * that even clients which ask without a pause get a bounded share of it. Nobody who asks politely notices.
 *
 * Thread: one.
 */
export class ScrapeGate {
  private readonly scrapesMax: number;
  private readonly spacingMs: number;
  private readonly clock: GateClock;
  private running = 0;
  private nextMs = 0;

  /**
   * @param scrapesMax scrapes that may be in progress at once
   * @param spacingMs least time from the beginning of one's work to that of the next
   */
  constructor(scrapesMax: number, spacingMs: number, clock: GateClock = systemClock) {
    this.scrapesMax = scrapesMax;
    this.spacingMs = spacingMs;
    this.clock = clock;
  }

  /**
   * @param work done in a turn of the loop of its own, as soon as it is due
   * @returns whether the scrape is let in; then {@link leave} is due once, when its answer is out or its client gone
   */
  enter(work: () => void): boolean {
    if (this.running >= this.scrapesMax) return false;
    this.running += 1;
    const nowMs = this.clock.nowMs();
    const dueMs = Math.max(nowMs, this.nextMs);
    this.nextMs = dueMs + this.spacingMs;
    this.clock.after(dueMs - nowMs, work);
    return true;
  }

  leave(): void {
    this.running -= 1;
  }
}
