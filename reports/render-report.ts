import type { RunRecord } from '../scenarios/harness/record.js';
import { assemblePage, loadAssets, type PageAssets } from './document/assemble.js';
import { escapedJson } from './document/escape-json.js';
import { clientEntry } from './document/inline-modules.js';
import { packageRoot } from './document/package-root.js';
import { pageTemplate } from './document/templates.js';
import { ReportError } from './record-file/report-error.js';
import { type Thinning, withoutRawSamples, withoutSeries } from './record-file/thin-record.js';
import { type ReportModel, reportModel, withThinningNoted } from './view-model/report-view.js';

/** A page that travels by mail and opens at once. */
export const PAGE_BYTES_MAX = 2 * 1024 * 1024;

export interface RenderOptions {
  /** Compiled entry of the client; by default the one under `dist/`. */
  clientEntryPath?: string;
}

const THINNINGS: { level: Thinning; apply(record: RunRecord): RunRecord }[] = [
  { level: 'none', apply: (record) => record },
  { level: 'windows', apply: (record) => ({ ...record, windows: [] }) },
  { level: 'series', apply: (record) => withoutRawSamples(record) },
  { level: 'all-samples', apply: withoutSeries },
];

/**
 * Renders run records into one standalone HTML page: no network, no outside file, the same bytes for the
 * same records. The records are embedded for download, thinned as far as the size limit demands, and the
 * page says how far.
 *
 * @param records at least one, in the order in which they are to stand
 * @returns the page, at most {@link PAGE_BYTES_MAX} bytes in UTF-8
 * @throws ReportError `ERR_REPORT_USAGE` without records or when they do not fit into one page,
 *   `ERR_REPORT_ASSET` when a part of the page is not built or installed
 */
export async function renderReport(records: RunRecord[], options: RenderOptions = {}): Promise<string> {
  if (records.length === 0) {
    throw new ReportError('ERR_REPORT_USAGE', 'No run record to render: name at least one record file.');
  }
  const assets = await loadAssets(options.clientEntryPath ?? clientEntry(packageRoot()));
  const model = reportModel(records);
  let size = 0;
  for (const { level, apply } of THINNINGS) {
    const page = renderOnce(model, records.map(apply), level, assets);
    size = Buffer.byteLength(page, 'utf8');
    if (size <= PAGE_BYTES_MAX) return page;
  }
  throw new ReportError(
    'ERR_REPORT_USAGE',
    `${records.length} records make a page of ${size} bytes, above the limit of ${PAGE_BYTES_MAX}. Render fewer records at once.`,
  );
}

function renderOnce(model: ReportModel, embedded: RunRecord[], level: Thinning, assets: PageAssets): string {
  const view = withThinningNoted(model.view, level);
  return assemblePage(view.title, pageTemplate()(view), assets, {
    charts: model.charts,
    records: embedded.map((record, index) => ({
      id: `${view.runs[index]!.id}-record`,
      json: escapedJson(record),
    })),
  });
}
