import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_BYTES_MAX, renderReport } from './render-report.js';
import { type BuiltClient, buildClient } from './testing/build-client.js';
import { fixtureRecord } from './testing/record-fixture.js';
import {
  failedLedger,
  HOSTILE_TEXTS,
  hostileStrings,
  interrupted,
  notMeasurable,
  singleRound,
} from './testing/record-variants.js';

describe('report page', { timeout: 60_000 }, () => {
  const record = fixtureRecord();
  let options: BuiltClient;
  beforeAll(async () => {
    options = await buildClient();
  }, 60_000);
  afterAll(() => options.remove());

  it('is the same to the byte for the same record', async () => {
    const first = await renderReport([record], options);
    expect(await renderReport([structuredClone(record)], options)).toBe(first);
  });

  it('stays below the size limit, holds the record in full and says so', async () => {
    const page = await renderReport([record], options);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(page).toContain('The record is in this page in full.');
  });

  it('thins the embedded records before it grows too large, and says so', async () => {
    const page = await renderReport([record, record, record], options);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(page).toMatch(/to keep the page small\./);
  });

  it('refuses what cannot fit, and nothing at all', async () => {
    const many = Array.from({ length: 20 }, () => record);
    await expect(renderReport(many, options)).rejects.toThrow(
      /20 records make a page of \d+ bytes.*Render fewer/,
    );
    await expect(renderReport([], options)).rejects.toThrow(/at least one record/);
  });

  it('compares runs of one scenario, in the limit and the same to the byte', async () => {
    const later = {
      ...record,
      startedAt: '2026-03-15T09:26:53.000Z',
      finishedAt: '2026-03-15T09:35:41.000Z',
    };
    const page = await renderReport([record, later], options);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(page).toContain('These intervals hold for these two runs only');
    expect(page.indexOf('id="run-1"')).toBeLessThan(page.indexOf('id="run-2"'));
    expect(await renderReport(structuredClone([record, later]), options)).toBe(page);
  });

  it('asks nobody for anything: no address but its own', async () => {
    const page = await renderReport([record], options);
    const markup = page.replace(/<script>[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/(?:src|href)="(?!#|data:,)/);
    expect(markup).not.toMatch(/@import|url\(|\son\w+=|\sstyle=/);
  });

  it('has its sections in order, each opened by a sentence', async () => {
    const page = await renderReport([record], options);
    const titles = [...page.matchAll(/<h2 id="[^"]*">([^<]*)<\/h2>\s*<p class="lead">([^<]+)<\/p>/g)];
    expect(titles.map((match) => match[1])).toEqual([
      'Ratios',
      'Checks',
      'Throughput',
      'Distributions',
      'Round by round',
      'Latency',
      'Over time',
      'Ledger',
      'Noise',
      'Resources',
      'Environment and provenance',
      'Methods',
      'Raw data',
    ]);
    for (const match of titles) expect(match[2]!.length).toBeGreaterThan(10);
  });

  it('gives each chart a role, a sentence and a table in the same figure', async () => {
    const page = await renderReport([record], options);
    const figures = page.match(/<figure>[\s\S]*?<\/figure>/g)!;
    expect(figures.length).toBe(19);
    for (const figure of figures) {
      const canvases = figure.match(/<canvas[^>]*>/g)!;
      for (const canvas of canvases) expect(canvas).toMatch(/role="img" aria-label="[^"]{20,}"/);
      expect(figure).toMatch(
        /<details open><summary>[\s\S]*<table>[\s\S]*<th scope="col"[\s\S]*<th scope="row"/,
      );
    }
    // Outside of figures, too, a table is announced by what it is.
    for (const table of page.match(/<div class="scroll"[\s\S]*?<\/thead>/g)!) {
      expect(table).toMatch(/^<div class="scroll" role="region" tabindex="0" aria-label="[^"]{3,}">/);
      expect(table).toMatch(/<caption><span>[^<]{3,}<\/span><\/caption>/);
    }
  });

  it('shows every state in words', async () => {
    const page = await renderReport([failedLedger(), interrupted(), notMeasurable(), singleRound()], options);
    for (const words of [
      '✕ fail',
      '‖ interrupted',
      '○ not measurable here',
      '4 runs: 2 pass, 1 fail, 1 interrupted.',
      'Read them as hints.',
    ]) {
      expect(page).toContain(words);
    }
  });

  it('puts no hostile text into the page unescaped', async () => {
    const page = await renderReport([hostileStrings()], options);
    for (const text of HOSTILE_TEXTS.filter((candidate) => candidate.includes('<')))
      expect(page).not.toContain(text);
    expect(page.match(/<script/g)!.length).toBe(4);
  });
});
