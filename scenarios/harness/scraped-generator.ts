import type { CaseParameters } from './case-parameters.js';
import type {
  GeneratorWindow,
  GroupHistograms,
  GroupLedger,
  GroupWindow,
  LoadGenerator,
} from './load-generator.js';
import { ScrapeTally } from './scrape-tally.js';
import type { Scraper } from './scraper.js';

/**
 * The load of another generator, with the server's admin endpoint scraped for as long as its windows run, and
 * only then: the windows of other arms in the same block are free of it.
 */
export class ScrapedGenerator implements LoadGenerator {
  readonly #inner: LoadGenerator;
  readonly #scraper: Pick<Scraper, 'start' | 'stop'>;
  #tally = new ScrapeTally();

  constructor(inner: LoadGenerator, scraper: Pick<Scraper, 'start' | 'stop'>) {
    this.#inner = inner;
    this.#scraper = scraper;
  }

  async run(windows: readonly GroupWindow[], parameters: CaseParameters): Promise<GeneratorWindow[]> {
    this.#scraper.start();
    try {
      return await this.#inner.run(windows, parameters);
    } finally {
      this.#tally.addAll(await this.#scraper.stop());
    }
  }

  async histograms(group: string): Promise<GroupHistograms> {
    const histograms = await this.#inner.histograms(group);
    const scrapes = this.#tally;
    this.#tally = new ScrapeTally();
    return { ...histograms, scrapes };
  }

  connect(...target: Parameters<LoadGenerator['connect']>): Promise<void> {
    return this.#inner.connect(...target);
  }

  ledger(group: string): Promise<GroupLedger> {
    return this.#inner.ledger(group);
  }

  disconnect(group: string): Promise<void> {
    return this.#inner.disconnect(group);
  }

  get running(): boolean {
    return this.#inner.running;
  }
}
