import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../scenarios/harness/record.js';
import { histogramLog } from './export/histogram-log.js';
import { roundsCsv, windowsCsv } from './export/record-csv.js';
import { renderReport } from './render-report.js';
import { chromiumPath, type LookOptions, openReport, openWindow, startBrowser } from './testing/browser.js';
import { buildClient } from './testing/build-client.js';
import { ratesRun } from './testing/rates-fixture.js';
import { fixtureRecord } from './testing/record-fixture.js';
import {
  failedLedger,
  hostileStrings,
  interrupted,
  missedChecks,
  notMeasurable,
  openLoop,
} from './testing/record-variants.js';
import { scalingRun } from './testing/scaling-fixture.js';
import { soakFixture } from './testing/soak-fixture.js';

const available = chromiumPath() !== null;
if (!available) {
  console.warn(
    'report.browser.test.ts is skipped: no Chromium found. Install the package chromium or name it in MSGTRANS_CHROMIUM.',
  );
}

/** A second run of the hostile scenario, so that it is compared with the first. */
function laterHostile(): RunRecord {
  return {
    ...hostileStrings(),
    startedAt: '2026-03-15T09:26:53.000Z',
    finishedAt: '2026-03-15T09:35:41.000Z',
  };
}

describe.runIf(process.env.CI === 'true')('in continuous integration', () => {
  it('has a browser to test the report in', () => {
    expect(available, 'install chromium or set MSGTRANS_CHROMIUM').toBe(true);
  });
});

describe.skipIf(!available)('report in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let shots: string;
  const urls: Record<string, string> = {};
  const keptShots = process.env.MSGTRANS_SCREENSHOT_DIR;

  beforeAll(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-report-pages-'));
    shots = keptShots ?? join(folder, 'screenshots');
    await mkdir(shots, { recursive: true });
    const client = await buildClient();
    const pages: Record<string, RunRecord[]> = {
      full: [fixtureRecord()],
      several: [failedLedger(), interrupted(), notMeasurable(), missedChecks(), openLoop()],
      scaling: [scalingRun()],
      hostile: [hostileStrings()],
      hostileSeveral: [hostileStrings(), laterHostile()],
      rates: [ratesRun()],
      soak: [soakFixture()],
    };
    for (const [name, records] of Object.entries(pages)) {
      const path = join(folder, `${name}.html`);
      await writeFile(path, await renderReport(records, { clientEntryPath: client.clientEntryPath }));
      urls[name] = pathToFileURL(path).href;
    }
    await client.remove();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function visit(
    name: string,
    options: LookOptions,
    look: (page: Page, complaints: string[]) => Promise<void>,
  ) {
    const context = await openWindow(browser, options);
    try {
      const { page, complaints } = await openReport(context, urls[name]!);
      await look(page, complaints);
    } finally {
      await context.close();
    }
  }

  /** Pixels by which the page is wider than the window. */
  const overflowOf = (page: Page) =>
    page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    ) as Promise<number>;

  /** Canvases on which nothing was drawn. */
  const blankCanvases = (page: Page) =>
    page.evaluate(`[...document.querySelectorAll('canvas')].filter((canvas) => {
      if (canvas.width === 0 || canvas.height === 0) return true;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.every((byte) => byte === 0);
    }).map((canvas) => canvas.id)`) as Promise<string[]>;

  const looks = ['full', 'several', 'scaling', 'rates'].flatMap((name) =>
    [1400, 400].flatMap((width) =>
      [false, true].map((dark) => ({ name, width, dark, theme: dark ? 'dark' : 'light' })),
    ),
  );
  it.each(looks)(
    '$name at $width px, $theme: draws every chart, no complaint, no sideways scroll',
    async ({ name, width, dark, theme }) => {
      await visit(name, { width, dark }, async (page, complaints) => {
        expect(await overflowOf(page)).toBeLessThanOrEqual(0);
        expect(await page.locator('canvas').count()).toBeGreaterThan(10);
        expect(await blankCanvases(page)).toEqual([]);
        // A page of many runs is long: its full length only for someone who wants to look.
        const fullPage = name === 'full' || keptShots !== undefined;
        await page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage });
        await page.evaluate(
          `for (const details of document.querySelectorAll('details')) details.open = true`,
        );
        expect(await overflowOf(page)).toBeLessThanOrEqual(0);
        expect(complaints).toEqual([]);
      });
    },
  );

  it('follows the theme while it is open', async () => {
    await visit('full', { width: 1400 }, async (page) => {
      const ink = () => page.evaluate(`getComputedStyle(document.documentElement).color`);
      const picture = () => page.evaluate(`document.querySelector('canvas').toDataURL()`);
      const [lightInk, lightPicture] = [await ink(), await picture()];
      await page.emulateMedia({ colorScheme: 'dark' });
      await expect.poll(picture).not.toBe(lightPicture);
      expect(await ink()).not.toBe(lightInk);
    });
  });

  it.each(['hostile', 'hostileSeveral'])(
    '%s: runs no script from its strings and reports no violation of its policy',
    async (name) => {
      await visit(name, { width: 1400 }, async (page, complaints) => {
        // Whatever a reader may do: open tables, hover, follow links.
        await page.evaluate(
          `for (const details of document.querySelectorAll('details')) details.open = true`,
        );
        for (const canvas of await page.locator('canvas').all()) await canvas.hover({ force: true });
        await page.evaluate(`{
        for (const button of document.querySelectorAll('thead button')) button.click();
        for (const field of document.querySelectorAll('input[type=search]')) {
          field.value = '<img';
          field.dispatchEvent(new Event('input'));
        }
      }`);
        expect(await page.evaluate('window.__hostile')).toBeUndefined();
        expect(await page.locator('img, svg, iframe, object').count()).toBe(0);
        expect(await page.locator('script:not([type])').count()).toBe(2);
        expect(await page.locator('.headline').first().textContent()).toContain(
          '</script><script>window.__hostile=1</script>',
        );
        expect(complaints).toEqual([]);
        await page.screenshot({ path: join(shots, `${name}-1400-light.png`) });
      });
    },
  );

  it('refuses scripts, styles and network that are not its own', async () => {
    await visit('full', { width: 1400 }, async (page) => {
      const awaited = ['script-src-elem', 'style-src-attr', 'script-src-attr', 'connect-src'];
      const violations = await page.evaluate(`new Promise((resolve) => {
        const seen = [];
        const awaited = ${JSON.stringify(awaited)};
        const answer = () => resolve({ seen, ran: window.__foreign });
        document.addEventListener('securitypolicyviolation', (event) => {
          seen.push(event.effectiveDirective);
          if (awaited.every((directive) => seen.includes(directive))) answer();
        });
        const script = document.createElement('script');
        script.textContent = 'window.__foreign = 1';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<p style="color:red" onclick="window.__foreign = 2">x</p>');
        // A handler may be judged only when there is something to handle.
        document.body.lastElementChild.click();
        try { new Function('return 1')(); } catch {}
        fetch('http://127.0.0.1:9/').catch(() => {});
        // A busy browser reports late.
        setTimeout(answer, 10_000);
      })`);
      const { seen, ran } = violations as { seen: string[]; ran: unknown };
      expect(ran).toBeUndefined();
      expect(seen).toEqual(expect.arrayContaining(awaited));
    });
  });

  it('shows sentences and tables without scripts', async () => {
    const context = await openWindow(browser, { width: 400, scripts: false });
    try {
      const page = await context.newPage();
      await page.goto(urls.full!);
      expect(await page.locator('.headline').isVisible()).toBe(true);
      const tables = await page.locator('figure table').all();
      expect(tables.length).toBeGreaterThan(5);
      for (const table of tables) expect(await table.isVisible()).toBe(true);
      expect(await page.locator('thead button, input').count()).toBe(0);
      expect(await page.locator('canvas').first().isVisible()).toBe(false);
      expect(await page.getByText('Scripts are off').first().isVisible()).toBe(true);
      await page.screenshot({ path: join(shots, 'no-script-400-light.png'), fullPage: true });
    } finally {
      await context.close();
    }
  });

  it('is reached by keyboard in reading order', async () => {
    await visit('full', { width: 1400 }, async (page) => {
      const stops: { top: number; left: number; what: string; outline: string }[] = [];
      for (let press = 0; press < 200; press++) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(`(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return null;
          const box = element.getBoundingClientRect();
          // Focus scrolls a wide table inside itself.
          const inner = element.closest('.scroll')?.scrollLeft ?? 0;
          return { top: Math.round(box.top + scrollY), left: Math.round(box.left + inner), what: element.outerHTML.slice(0, 80), outline: getComputedStyle(element).outlineStyle };
        })()`);
        if (stop === null) break;
        stops.push(stop as (typeof stops)[0]);
      }
      expect(stops[0]!.what).toContain('Skip to the verdict');
      expect(stops.filter(({ outline }) => outline !== 'solid')).toEqual([]);
      expect(stops.some(({ what }) => what.startsWith('<summary'))).toBe(true);
      expect(stops.some(({ what }) => what.includes('data-record'))).toBe(true);
      // The same row may hold several stops, left to right; the skip link moves the page while it is shown.
      for (const [before, after] of stops
        .slice(1, -1)
        .map((stop, index) => [stop, stops[index + 2]!] as const)) {
        const sameRow = Math.abs(after.top - before.top) < 400 && after.left > before.left;
        expect(after.top >= before.top || sameRow, `${before.what} comes before ${after.what}`).toBe(true);
      }
    });
  });

  it('opens a table with the keyboard and scrolls it inside itself', async () => {
    await visit('full', { width: 400 }, async (page) => {
      const summary = page.locator('summary').first();
      await summary.focus();
      await page.keyboard.press('Enter');
      const region = page.locator('figure .scroll').first();
      await region.focus();
      for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
      await expect
        .poll(() => page.evaluate(`document.querySelector('figure .scroll').scrollLeft`))
        .toBeGreaterThan(0);
    });
  });

  it('sorts a table by any column with the keyboard, and gives the order of the page back', async () => {
    await visit('full', { width: 1400 }, async (page, complaints) => {
      await page.locator('summary', { hasText: 'Ratios with 95' }).click();
      const table = page.locator('table', { hasText: 'Ratios with 95' });
      const ratios = async () => {
        const texts = await table.locator('tbody tr td:nth-child(5)').allTextContents();
        return texts.map((text) => Number.parseFloat(text));
      };
      const [original, footer] = [await ratios(), await table.locator('tfoot').textContent()];
      expect(footer).toContain('Geometric mean of 3 rows');
      await table.getByRole('button', { name: 'Ratio', exact: true }).focus();
      await page.keyboard.press('Enter');
      expect(await ratios()).toEqual([...original].sort((a, b) => a - b));
      expect(await table.locator('[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
      await page.keyboard.press('Space');
      expect(await ratios()).toEqual([...original].sort((a, b) => b - a));
      expect(await table.locator('[aria-sort]').getAttribute('aria-sort')).toBe('descending');
      await page.keyboard.press('Enter');
      expect(await ratios()).toEqual(original);
      expect(await table.locator('[aria-sort]').count()).toBe(0);
      expect(await table.locator('tfoot').textContent()).toBe(footer);
      expect(complaints).toEqual([]);
    });
  });

  it('filters a long table while one types, says how many rows are left, and names groups anew', async () => {
    await visit('full', { width: 400 }, async (page, complaints) => {
      await page.locator('summary', { hasText: 'Ratios with 95' }).click();
      const table = page.locator('table', { hasText: 'Ratios with 95' });
      const bar = page.locator('figure .filter').first();
      const all = await table.locator('tbody tr').count();
      expect(await bar.getByRole('status').textContent()).toBe(`${all} rows`);
      await bar.locator('input').focus();
      await page.keyboard.type('DEPTH=16 baseline');
      const shown = await table.locator('tbody tr:visible').count();
      expect(shown).toBeGreaterThan(0);
      expect(shown).toBeLessThan(all);
      expect(await bar.getByRole('status').textContent()).toBe(`${shown} of ${all} rows`);
      const first = table.locator('tbody tr:visible').first();
      expect(await first.getAttribute('class')).toContain('first');
      expect((await first.locator('th').textContent())?.trim()).toBe('tcp/depth=16');
      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      await page.keyboard.press('Escape');
      expect(await table.locator('tbody tr:visible').count()).toBe(all);
      expect(complaints).toEqual([]);
    });
  });

  it.each([
    ['json', 'concurrent-1k-2026-03-14T09-26-53.000Z.json'],
    ['rounds-csv', 'concurrent-1k-2026-03-14T09-26-53.000Z-rounds.csv'],
    ['windows-csv', 'concurrent-1k-2026-03-14T09-26-53.000Z-windows.csv'],
    ['histogram-log', 'concurrent-1k-2026-03-14T09-26-53.000Z.hlog'],
  ])('saves the record that the page was made from as %s', async (format, fileName) => {
    await visit('full', { width: 1400 }, async (page, complaints) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator(`a[data-format="${format}"]`).click(),
      ]);
      const text = await readFile(await download.path(), 'utf8');
      expect(download.suggestedFilename()).toBe(fileName);
      const record = fixtureRecord();
      if (format === 'json') expect((JSON.parse(text) as RunRecord).comparisons).toEqual(record.comparisons);
      if (format === 'rounds-csv') expect(text).toBe(roundsCsv(record));
      if (format === 'windows-csv') expect(text).toBe(windowsCsv(record));
      if (format === 'histogram-log') expect(text).toBe(histogramLog(record));
      expect(complaints).toEqual([]);
    });
  });

  it('prints on white with every table open, from a dark window', async () => {
    await visit('full', { width: 1400, dark: true }, async (page, complaints) => {
      await page.evaluate(`window.dispatchEvent(new Event('beforeprint'))`);
      expect(await page.locator('details:not([open])').count()).toBe(0);
      expect(await blankCanvases(page)).toEqual([]);
      expect(await page.evaluate(`getComputedStyle(document.documentElement).backgroundColor`)).toBe(
        'rgb(255, 255, 255)',
      );
      await page.setViewportSize({ width: 718, height: 1000 });
      await page.emulateMedia({ media: 'print' });
      await page.screenshot({ path: join(shots, 'full-print.png'), fullPage: true });
      await page.emulateMedia({ media: 'screen' });
      await page.evaluate(`window.dispatchEvent(new Event('afterprint'))`);
      expect(await page.locator('figure details[open]').count()).toBe(0);
      await page.pdf({ path: join(shots, 'full.pdf'), format: 'A4', printBackground: false });
      expect(complaints).toEqual([]);
    });
  });
});
