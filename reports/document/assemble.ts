import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { ReportError } from '../record-file/report-error.js';
import { paletteCss } from '../style/palette.js';
import { escapedJson } from './escape-json.js';
import { inlineModules } from './inline-modules.js';
import { packageRoot } from './package-root.js';

/** The parts of the page that are the same for every report. */
export interface PageAssets {
  style: string;
  scripts: string[];
}

const STYLE_SHEETS = ['page.css', 'tables.css', 'charts.css', 'print.css'];

/** Reads the styles, Chart.js and the client. @throws ReportError `ERR_REPORT_ASSET` */
export async function loadAssets(clientEntryPath: string): Promise<PageAssets> {
  return {
    style: await loadStyle(),
    scripts: [await chartLibrary(packageRoot()), await inlineModules(clientEntryPath)],
  };
}

/** The palette and the sheets that every page has, and further ones of `reports/style/` by name. */
export async function loadStyle(further: readonly string[] = []): Promise<string> {
  const folder = join(packageRoot(), 'reports', 'style');
  const sheets = [...STYLE_SHEETS, ...further].map((name) => readFile(join(folder, name), 'utf8'));
  return [paletteCss(), ...(await Promise.all(sheets))].join('\n');
}

async function chartLibrary(root: string): Promise<string> {
  const path = join(root, 'node_modules', 'chart.js', 'dist', 'chart.umd.min.js');
  try {
    // The map is not beside the page, and a browser with open tools would ask for it.
    return (await readFile(path, 'utf8')).replace(/^\/\/# sourceMappingURL=.*$/gm, '');
  } catch (error) {
    throw new ReportError('ERR_REPORT_ASSET', `${path} is missing: run \`npm ci\` to install it.`, {
      cause: error,
    });
  }
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

/** The policy that {@link assemblePage} wrote into a page: its first element that has one, before anything from data. */
export function policyOf(page: string): string {
  return (
    /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1] ?? "default-src 'none'"
  );
}

/** Data of the page: chart specifications by element id, and records by element id. */
export interface PageData {
  charts: Record<string, unknown>;
  records: { id: string; json: string }[];
}

/**
 * Puts the page together. The policy allows the inlined scripts and styles by their hashes and nothing
 * else: no network, no event-handler attributes, no `style` attributes, no `eval`.
 *
 * @param body HTML from the templates, already escaped there
 */
export function assemblePage(title: string, body: string, assets: PageAssets, data: PageData): string {
  for (const text of [assets.style, ...assets.scripts]) refuseEndTags(text);
  const policy = [
    "default-src 'none'",
    `script-src ${assets.scripts.map(sha256).join(' ') || "'none'"}`,
    `style-src ${sha256(assets.style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const records = data.records.map(
    ({ id, json }) => `<script type="application/json" id="${id}">${json}</script>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en" class="no-script">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${Handlebars.escapeExpression(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${assets.style}</style>`,
    '</head>',
    '<body>',
    body,
    // What no script reads is not in the page.
    ...(assets.scripts.length === 0
      ? []
      : [`<script type="application/json" id="chart-data">${escapedJson(data.charts)}</script>`]),
    ...records,
    ...assets.scripts.map((script) => `<script>${script}</script>`),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Our own files only, but a hash does not help when the element ends early. */
function refuseEndTags(text: string): void {
  const end = /<\/(?:script|style)|<!--/i.exec(text);
  if (end) throw new ReportError('ERR_REPORT_ASSET', `A script or style of the report contains "${end[0]}".`);
}
