import type { MetricPower } from '../../ci/gate/output/gate-power.js';
import { assemblePage, loadAssets, type PageAssets } from '../document/assemble.js';
import { escapedJson } from '../document/escape-json.js';
import { clientEntry } from '../document/inline-modules.js';
import { packageRoot } from '../document/package-root.js';
import { gateTemplate } from '../document/templates.js';
import { ReportError } from '../record-file/report-error.js';
import { PAGE_BYTES_MAX, type RenderOptions } from '../render-report.js';
import { type DownloadView, fileNamePart } from '../view-model/download-view.js';
import { completed } from '../view-model/section-view.js';
import { type GateInput, isMeasured } from './gate-input.js';
import { GATE_ID, type GatePageView, gatePageView } from './gate-page-view.js';
import { measuredGate } from './measured-gate.js';
import { type GateThinning, THINNING_WORDS, thinnedLines, unitsCsv } from './raw-data.js';

const LEVELS: readonly GateThinning[] = ['none', 'windows', 'blocks', 'all'];

/**
 * Renders a gate into one standalone HTML page: no network, no outside file, the same bytes for the same input. Verdict,
 * raw lines and units travel with it for download; the raw lines are thinned as far as the size limit demands.
 *
 * @param power of `gatePower`, where it is already known
 * @returns the page, at most {@link PAGE_BYTES_MAX} bytes in UTF-8
 * @throws ReportError `ERR_REPORT_USAGE` when even without raw lines it is larger, `ERR_REPORT_ASSET` when a part of the page
 *   is not built or installed
 */
export async function renderGate(
  input: GateInput,
  options: RenderOptions = {},
  power?: readonly MetricPower[],
): Promise<string> {
  const assets = await loadAssets(options.clientEntryPath ?? clientEntry(packageRoot()));
  const view = gatePageView(input, power);
  let size = 0;
  for (const level of LEVELS) {
    const page = renderOnce(input, view, level, assets);
    size = Buffer.byteLength(page, 'utf8');
    if (size <= PAGE_BYTES_MAX) return page;
  }
  throw new ReportError(
    'ERR_REPORT_USAGE',
    `this gate makes a page of ${size} bytes, above the limit of ${PAGE_BYTES_MAX}. Render it without --history, or without --evidence.`,
  );
}

function renderOnce(input: GateInput, view: GatePageView, level: GateThinning, assets: PageAssets): string {
  const data = dataOf(input, level);
  const sections = [
    ...view.run.sections,
    completed(
      {
        title: 'Raw data',
        sentence:
          input.lines.length === 0
            ? NO_LINES
            : `${THINNING_WORDS[level]} Everything above was made from them.`,
        downloads: data.map(({ download }) => download),
      },
      GATE_ID,
    ),
  ];
  return assemblePage(view.title, gateTemplate()({ run: { ...view.run, sections } }), assets, {
    charts: view.charts,
    records: data.map(({ download, value }) => ({ id: download.recordId, json: escapedJson(value) })),
  });
}

const NO_LINES = 'Only the verdict was at hand, so that nothing by the window or the block could be drawn.';

interface Embedded {
  download: DownloadView;
  /** A text is saved as it is. */
  value: unknown;
}

function dataOf({ verdict, lines }: GateInput, level: GateThinning): Embedded[] {
  const started = isMeasured(verdict) ? `-${fileNamePart(verdict.startedAt)}-${verdict.seed}` : '';
  const of = (name: string, format: DownloadView['format'], end: string, label: string, value: unknown) => ({
    download: { recordId: `${GATE_ID}-${name}`, format, fileName: `gate${started}-${end}`, label },
    value,
  });
  const raw = thinnedLines(lines, level);
  const measured = measuredGate(lines);
  return [
    of('verdict', 'json', 'verdict.json', 'Verdict as JSON', verdict),
    ...(raw === '' ? [] : [of('lines', 'text', 'invocations.ndjson', 'Invocations as NDJSON', raw)]),
    ...(measured === null ? [] : [of('units', 'text', 'units.csv', 'Units as CSV', unitsCsv(measured))]),
  ];
}
