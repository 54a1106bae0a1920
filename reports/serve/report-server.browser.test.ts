import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GateInput } from '../gate/gate-input.js';
import { GATES, sampleGate, storedGate } from '../gate/testing/sample-gates.js';
import { chromiumPath, collectComplaints, openWindow, startBrowser } from '../testing/browser.js';
import { type BuiltClient, buildClient } from '../testing/build-client.js';
import { fixtureRecord } from '../testing/record-fixture.js';
import { hostileStrings } from '../testing/record-variants.js';
import { type ReportServer, startReportServer } from './report-server.js';

const available = chromiumPath() !== null;
if (!available) console.warn('report-server.browser.test.ts is skipped: no Chromium found.');

const HOSTILE = '<img src=x onerror="window.__hostile=1">';

describe.skipIf(!available)('list of runs and gates in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let client: BuiltClient;
  let folder: string;
  let server: ReportServer;

  beforeAll(async () => {
    browser = await startBrowser();
    client = await buildClient();
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-run-list-'));
    const write = async (name: string, file: string, text: string) => {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, file), text);
    };
    const runs = [11, 12, 13, 14, 15, 16];
    for (const [index, day] of runs.entries()) {
      const record = fixtureRecord({ seed: index + 1, rounds: 5, blocksPerRound: 3 });
      const at = (time: string) => `2026-03-${day}T${time}:00.000Z`;
      const dated = { ...record, startedAt: at('09:00'), finishedAt: at('09:09') };
      if (day === 14) dated.options = { quick: true };
      if (day === 15) dated.machine = { ...dated.machine, fingerprint: 'another' };
      await write(`202603${day}T090000Z-concurrent-1k-1`, 'record.json', JSON.stringify(dated));
    }
    const gates: Record<string, GateInput> = {
      '20240102T030405Z-gate-7': GATES.pass(),
      '20240103T030405Z-gate-7': GATES.fail(),
      '20240104T030405Z-gate-7': GATES.budget(),
      '20240105T030405Z-gate-7': storedGate(),
      "' onclick='window.__hostile=1": sampleGate({
        header: {
          base: { commit: HOSTILE, dirty: true, why: HOSTILE },
          candidate: { commit: HOSTILE, dirty: false },
        },
        end: { why: 'budget', after: 4 },
      }),
    };
    for (const [name, { verdict, lines }] of Object.entries(gates)) {
      const day = name.slice(6, 8);
      const dated =
        'schema' in verdict && /^\d/.test(day)
          ? { ...verdict, startedAt: `2024-01-${day}T03:04:05Z` }
          : verdict;
      await write(name, 'verdict.json', JSON.stringify(dated));
      await write(name, 'invocations.ndjson', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }
    await write('20240106T030405Z-gate-7', 'invocations.ndjson', '');
    // Whatever a folder may be called; a slash it cannot hold.
    const hostile = { ...hostileStrings(), startedAt: '2026-03-10T09:00:00.000Z' };
    await write('"><img src=x onerror=window.__hostile=1>', 'record.json', JSON.stringify(hostile));
    const older = { ...hostileStrings(), startedAt: '2026-03-09T09:00:00.000Z' };
    await write("' onclick='window.__hostile=1", 'record.json', JSON.stringify(older));
    await write(
      'broken <svg onload=window.__hostile=1>',
      'record.json',
      '{"schema":"<img src=x onerror=window.__hostile=1>"}',
    );
    await write('foreign', 'record.json', '{"schema":"of another version"}');
    await write(
      'foreign',
      'report.html',
      `<script>try { document.cookie = 'a=1'; } catch (error) { document.title = 'no cookies'; }
      fetch('/').then(() => { document.title = 'reached'; }, () => { document.title += ', no network'; });</script>`,
    );
    const { clientEntryPath } = client;
    const complain = (line: string) => console.warn(line);
    server = await startReportServer({ folder, port: 0, clientEntryPath, root: folder, complain });
  }, 120_000);

  afterAll(async () => {
    await server?.close();
    await browser?.close();
    await client?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const shots = process.env.MSGTRANS_SCREENSHOT_DIR;
  const looks = [1400, 400].flatMap((width) => [false, true].map((dark) => ({ width, dark })));
  it.each(looks)(
    'at $width px, dark: $dark: shows runs, gates and courses, runs nothing of their names',
    async ({ width, dark }) => {
      const context = await openWindow(browser, { width, dark, network: true });
      try {
        const page = await context.newPage();
        const complaints = collectComplaints(page);
        await page.goto(server.url);
        await page.waitForSelector('html[data-charts="drawn"]', { state: 'attached' });
        expect(await page.evaluate('window.__hostile')).toBeUndefined();
        expect(await page.locator('img, iframe').count()).toBe(0);
        expect(await page.locator('svg.sparkline').count()).toBeGreaterThan(5);
        expect(await page.locator('#runs tbody a').count()).toBe(9);
        expect(await page.locator('#gates tbody th a').count()).toBe(5);
        // One machine and full runs only: four of six.
        await page.locator('nav a', { hasText: 'Course of concurrent-1k' }).click();
        const course = page.locator('section:target');
        expect(await course.locator('.note').textContent()).toBe('Not drawn: 1 of another machine, 1 quick.');
        expect((await course.locator('polyline').first().getAttribute('points'))!.split(' ')).toHaveLength(4);
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBeLessThanOrEqual(0);
        const started = () => page.locator('table').first().locator('tbody th').allTextContents();
        const before = await started();
        await page.getByRole('button', { name: 'Started' }).first().click();
        expect(await started()).toEqual([...before].sort());
        if (shots)
          await page.screenshot({
            path: join(shots, `run-list-${width}-${dark ? 'dark' : 'light'}.png`),
            fullPage: true,
          });
        expect(complaints).toEqual([]);
      } finally {
        await context.close();
      }
    },
  );

  it('is read and used by keyboard alone: past the head, into a table, on to a report', async () => {
    const context = await openWindow(browser, { width: 1400, network: true });
    try {
      const page = await context.newPage();
      await page.goto(server.url);
      await page.waitForSelector('html[data-charts="drawn"]', { state: 'attached' });
      const focused = (what: string) => page.evaluate(`document.activeElement.${what}`);
      await page.keyboard.press('Tab');
      expect(await focused('textContent')).toBe('Skip to the runs');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await focused('textContent')).toBe('Gates');
      await page.keyboard.press('Enter');
      for (let presses = 0; presses < 30; presses++) {
        await page.keyboard.press('Tab');
        if (String(await focused('href')).includes('/gates/')) break;
      }
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/gates\//);
      expect(await page.title()).toMatch(/^Performance gate: /);
    } finally {
      await context.close();
    }
  });

  it('opens reports made on demand, of hostile names too, and lets them download', async () => {
    const context = await openWindow(browser, { width: 1400, network: true });
    try {
      const page = await context.newPage();
      const complaints = collectComplaints(page);
      for (const run of [
        '20260311T090000Z',
        '"><img src=x onerror=window.__hostile=1>',
        "' onclick='window.__hostile=1",
      ]) {
        await page.goto(server.url);
        await page.locator('#runs tr', { hasText: run }).first().locator('th a').click();
        await page.waitForSelector('html[data-charts="drawn"]', { state: 'attached' });
        expect(await page.evaluate('window.__hostile')).toBeUndefined();
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.locator('a[data-format="rounds-csv"]').first().click(),
        ]);
        expect(download.suggestedFilename()).toMatch(/-rounds\.csv$/);
      }
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('keeps a page that somebody else wrote from what is served beside it', async () => {
    const context = await openWindow(browser, { width: 1400, network: true });
    try {
      const page = await context.newPage();
      await page.goto(`${server.url}runs/foreign/report.html`);
      await expect.poll(() => page.title()).toBe('no cookies, no network');
    } finally {
      await context.close();
    }
  });
});
