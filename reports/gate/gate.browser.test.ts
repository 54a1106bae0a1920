import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, type LookOptions, openReport, openWindow, startBrowser } from '../testing/browser.js';
import { buildClient } from '../testing/build-client.js';
import type { GateInput } from './gate-input.js';
import { renderGate } from './render-gate.js';
import { sampleEvidence, sampleHistory } from './testing/sample-beside.js';
import { GATES, sampleGate } from './testing/sample-gates.js';

const HOSTILE = '</script><script>window.__hostile=1</script><img src=x onerror="window.__hostile=2">';

/** Names come from git, causes and messages from what programs print. */
function hostileGate(): GateInput {
  const build = { commit: HOSTILE, dirty: true };
  const gate = sampleGate({
    header: { base: { ...build, why: HOSTILE }, candidate: build, toolchain: HOSTILE },
    change: (line) => {
      const cases = structuredClone(line.cases);
      const [body] = Object.values(cases);
      body!.blocks.candidate[0]!.dropped = { kind: HOSTILE, reason: HOSTILE };
      return { ...line, cases };
    },
  });
  const verdict = { ...gate.verdict, reasons: [HOSTILE], notes: [HOSTILE] };
  return { ...gate, verdict, history: sampleHistory(HOSTILE), evidence: sampleEvidence(HOSTILE) };
}

// That continuous integration has a browser is asked in `report.browser.test.ts`.
describe.skipIf(chromiumPath() === null)('the page of a gate in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let shots: string;
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-gate-pages-'));
    shots = process.env.MSGTRANS_SCREENSHOT_DIR ?? join(folder, 'screenshots');
    await mkdir(shots, { recursive: true });
    const client = await buildClient();
    const pages: Record<string, GateInput> = {
      fail: { ...GATES.fail(), history: sampleHistory(), evidence: sampleEvidence() },
      hostile: hostileGate(),
    };
    for (const [name, input] of Object.entries(pages)) {
      const path = join(folder, `${name}.html`);
      await writeFile(path, await renderGate(input, { clientEntryPath: client.clientEntryPath }));
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

  const overflowOf = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  it.each([
    { width: 1400, dark: false },
    { width: 400, dark: true },
  ])(
    'at $width px, dark $dark: draws every chart, no complaint, no sideways scroll',
    async ({ width, dark }) => {
      await visit('fail', { width, dark }, async (page, complaints) => {
        expect(await overflowOf(page)).toBeLessThanOrEqual(0);
        expect(await page.locator('canvas').count()).toBeGreaterThan(20);
        const blank = await page.evaluate(`[...document.querySelectorAll('canvas')].filter((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.every((byte) => byte === 0);
      }).map((canvas) => canvas.id)`);
        expect(blank).toEqual([]);
        await page.screenshot({
          path: join(shots, `gate-${width}-${dark ? 'dark' : 'light'}.png`),
          fullPage: true,
        });
        await page.evaluate(
          `for (const details of document.querySelectorAll('details')) details.open = true`,
        );
        expect(await overflowOf(page)).toBeLessThanOrEqual(0);
        expect(complaints).toEqual([]);
      });
    },
  );

  it('runs no script from hostile names and reports no violation of its own policy', async () => {
    await visit('hostile', { width: 1400 }, async (page, complaints) => {
      await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
      for (const canvas of await page.locator('canvas').all()) await canvas.hover({ force: true });
      expect(await page.evaluate('window.__hostile')).toBeUndefined();
      expect(await page.locator('img, svg, iframe, object').count()).toBe(0);
      expect(await page.locator('script:not([type])').count()).toBe(2);
      expect(await page.locator('.reasons').textContent()).toContain(HOSTILE);
      expect(await page.locator('#gate-machine-and-provenance').textContent()).toContain(HOSTILE);
      expect(complaints).toEqual([]);
    });
  });

  it('saves verdict, invocations and units as files of their kinds', async () => {
    await visit('fail', { width: 1400 }, async (page) => {
      const save = async (id: string) => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.locator(`a[data-record="${id}"]`).click(),
        ]);
        return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
      };
      const verdict = await save('gate-verdict');
      expect(verdict.name).toBe('gate-2024-01-02T03-04-05.000Z-7-verdict.json');
      expect(JSON.parse(verdict.text)).toMatchObject({ schema: 'msgtrans.gate/1', exitCode: 3 });
      const lines = (await save('gate-lines')).text.trimEnd().split('\n');
      expect(JSON.parse(lines[0]!)).toMatchObject({ kind: 'header', schema: 'msgtrans.gate-raw/1' });
      const units = await save('gate-units');
      expect(units.name).toMatch(/-units\.csv$/);
      expect(units.text).toMatch(/^invocation,started_at,used/);
    });
  });

  it('shows sentences and tables without scripts', async () => {
    const context = await openWindow(browser, { width: 400, scripts: false });
    try {
      const page = await context.newPage();
      await page.goto(urls.fail!);
      expect(await page.locator('.headline').isVisible()).toBe(true);
      for (const table of await page.locator('figure table').all())
        expect(await table.isVisible()).toBe(true);
      expect(await page.locator('canvas').first().isVisible()).toBe(false);
    } finally {
      await context.close();
    }
  });

  it('prints on white with every table open', async () => {
    await visit('fail', { width: 1400, dark: true }, async (page, complaints) => {
      await page.evaluate(`window.dispatchEvent(new Event('beforeprint'))`);
      expect(await page.locator('details:not([open])').count()).toBe(0);
      expect(await page.evaluate(`getComputedStyle(document.documentElement).backgroundColor`)).toBe(
        'rgb(255, 255, 255)',
      );
      await page.setViewportSize({ width: 718, height: 1000 });
      await page.emulateMedia({ media: 'print' });
      await page.screenshot({ path: join(shots, 'gate-print.png'), fullPage: true });
      expect(complaints).toEqual([]);
    });
  });
});
