import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, collectComplaints, openWindow, startBrowser } from '../testing/browser.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings, missedChecks } from '../testing/record-variants.js';
import { scalingRun } from '../testing/scaling-fixture.js';
import { soakFixture } from '../testing/soak-fixture.js';
import { standingPage } from './standing-page.js';
import { standingView } from './standing-view.js';

// That continuous integration has a browser is asked in `report.browser.test.ts`.
describe.skipIf(chromiumPath() === null)('the page of all records in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let shots: string;
  let url: string;

  beforeAll(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-standing-'));
    shots = process.env.MSGTRANS_SCREENSHOT_DIR ?? join(folder, 'screenshots');
    await mkdir(shots, { recursive: true });
    const named = (scenario: string, record = fixtureRecord()) => ({
      folder: scenario.replace(':', '-'),
      record: { ...record, scenario },
    });
    const records = [
      named('concurrent-1k'),
      named('hostile', hostileStrings()),
      named('scaling-16-core', scalingRun()),
      named('stability-24h', soakFixture()),
      named('suite:event-queue', missedChecks()),
    ];
    const names = ['concurrent-1k', 'hostile', 'order-flow', 'scaling-16-core', 'stability-24h'];
    const headings = names.map((name) => ({
      ...{ name, title: `About ${name}`, announced: '50 K → 150 K ops/s (3×)', soakSeconds: null },
    }));
    const path = join(folder, 'index.html');
    await writeFile(path, await standingPage(standingView(records, headings)));
    url = pathToFileURL(path).href;
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    { width: 1400, dark: false },
    { width: 1400, dark: true },
    { width: 400, dark: false },
    { width: 400, dark: true },
  ])(
    'at $width px, dark $dark: no complaint, tables scroll inside themselves alone',
    async ({ width, dark }) => {
      const context = await openWindow(browser, { width, dark });
      try {
        const page = await context.newPage();
        const complaints = collectComplaints(page);
        await page.goto(url);
        const overflow = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;
        expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
        expect(await page.locator('table').count()).toBe(6);
        if (width === 400) {
          const region = page.locator('#concurrent-1k .scroll');
          await region.focus();
          await page.keyboard.press('ArrowRight');
          await expect
            .poll(() => page.evaluate(`document.querySelector('#concurrent-1k .scroll').scrollLeft`))
            .toBeGreaterThan(0);
        }
        expect(await page.evaluate('window.__hostile')).toBeUndefined();
        expect(await page.locator('script, img:not([src^="data:"]), iframe').count()).toBe(0);
        await page.screenshot({
          path: join(shots, `standing-${width}-${dark ? 'dark' : 'light'}.png`),
          fullPage: true,
        });
        expect(complaints).toEqual([]);
      } finally {
        await context.close();
      }
    },
  );

  it('leads from a scenario’s line to its section, and from there to its report', async () => {
    const context = await openWindow(browser, { width: 1400 });
    try {
      const page = await context.newPage();
      await page.goto(url);
      await page.locator('header a[href="#stability-24h"]').click();
      expect(await page.evaluate(`document.querySelector(':target').id`)).toBe('stability-24h');
      expect(await page.locator('#stability-24h .links a').first().getAttribute('href')).toBe(
        'stability-24h/report.html',
      );
    } finally {
      await context.close();
    }
  });
});
