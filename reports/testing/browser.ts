import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of Chromium: MSGTRANS_CHROMIUM, else the usual places; null when there is none. */
export function chromiumPath(): string | null {
  const named = process.env.MSGTRANS_CHROMIUM;
  if (named) return existsSync(named) ? named : null;
  return USUAL_PLACES.find((path) => existsSync(path)) ?? null;
}

export interface LookOptions {
  width: number;
  dark?: boolean;
  scripts?: boolean;
  /** For pages that a server of the test gives. */
  network?: boolean;
}

/** Starts Chromium with an empty profile of its own, which is removed when it closes. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? undefined, headless: true, args: FLAGS });
}

/** A window with nothing in common with others, and without a network unless asked for. */
export function openWindow(browser: Browser, options: LookOptions): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width: options.width, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    javaScriptEnabled: options.scripts ?? true,
    offline: !(options.network ?? false),
  });
}

/** Everything the browser complained about: errors, warnings, policy violations, uncaught exceptions. */
export function collectComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`request failed: ${request.url().slice(0, 200)}`));
  return complaints;
}

/** Opens a page and waits until its charts are drawn. */
export async function openReport(
  context: BrowserContext,
  url: string,
): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  const complaints = collectComplaints(page);
  await page.goto(url);
  await page.waitForSelector('html[data-charts="drawn"]', { state: 'attached' });
  return { page, complaints };
}
