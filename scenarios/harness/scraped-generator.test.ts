import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS } from './case-parameters.js';
import type { LoadGenerator } from './load-generator.js';
import { ScrapeTally } from './scrape-tally.js';
import { ScrapedGenerator } from './scraped-generator.js';

const WINDOWS = [{ group: 'g', discardNs: 1, measureNs: 2 }];

function scene(fail = false) {
  const said: string[] = [];
  const inner: LoadGenerator = {
    async connect(group, targets, sessions, seed) {
      said.push(`connect ${group} ${targets[0].url} ${sessions} ${seed}`);
    },
    async run() {
      said.push('run');
      if (fail) throw new Error('lost');
      return [];
    },
    async histograms(group) {
      return { serviceTimeNs: [[1, group.length]], responseTimeNs: null };
    },
    async ledger(group) {
      said.push(`ledger ${group}`);
      return { ledger: {} as never, sentPerSessionMin: 7, killedSessions: 0, unacknowledgedOnKilled: 0 };
    },
    async disconnect(group) {
      said.push(`disconnect ${group}`);
    },
    running: true,
  };
  const scraper = {
    start: () => void said.push('start'),
    async stop() {
      said.push('stop');
      const tally = new ScrapeTally();
      tally.refused = 1;
      return tally;
    },
  };
  return { said, generator: new ScrapedGenerator(inner, scraper) };
}

describe('a scraped generator', () => {
  it('is scraped for as long as its windows run, and hands the tally out once', async () => {
    const { said, generator } = scene();
    await generator.run(WINDOWS, BUILT_IN_DEFAULTS);
    await generator.run(WINDOWS, BUILT_IN_DEFAULTS);
    expect(said).toEqual(['start', 'run', 'stop', 'start', 'run', 'stop']);
    const first = await generator.histograms('g');
    expect(first).toMatchObject({ serviceTimeNs: [[1, 1]], scrapes: { refused: 2 } });
    expect((await generator.histograms('g')).scrapes?.refused).toBe(0);
  });

  it('stops being scraped when its windows fail', async () => {
    const { said, generator } = scene(true);
    await expect(generator.run(WINDOWS, BUILT_IN_DEFAULTS)).rejects.toThrow('lost');
    expect(said.at(-1)).toBe('stop');
  });

  it('leaves everything else to the generator whose load it is', async () => {
    const { said, generator } = scene();
    await generator.connect('g', [{ url: 'tcp://x', pid: 1, sourceAddresses: [] }], 5, 6);
    expect((await generator.ledger('g')).sentPerSessionMin).toBe(7);
    await generator.disconnect('g');
    expect(said).toEqual(['connect g tcp://x 5 6', 'ledger g', 'disconnect g']);
    expect(generator.running).toBe(true);
  });
});
