import { assemblePage, loadStyle, policyOf } from '../document/assemble.js';
import { inlineModules } from '../document/inline-modules.js';
import { messageTemplate, runListTemplate } from '../document/templates.js';
import { baselinesFolder, keptEvidence, parseGateHistory, readEvidence } from '../gate/beside-gate.js';
import { INVOCATIONS_FILE, parseGate, parseVerdict, VERDICT_FILE } from '../gate/read-gate.js';
import { renderGate } from '../gate/render-gate.js';
import { parseRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { renderReport } from '../render-report.js';
import { FolderFiles, type Place } from './folder-files.js';
import { type GateSummaryLine, gateSummaryOf } from './gate-summary.js';
import { indexView } from './index-view.js';
import { type Kind, Listing, REPORT_FILE, storedPage } from './listing.js';
import type { ReportKind } from './request-route.js';
import { type RunSummary, summaryOf } from './run-summary.js';

export interface PageOptions {
  /** Of the runs and gates. */
  folder: string;
  /** Of the package, whose promotions and self-test the page of a gate shows. */
  root: string;
  clientEntryPath: string;
  /** What is left out of a page, for whoever started the server. */
  complain(line: string): void;
}

export interface Answer {
  status: number;
  page: string;
  policy: string;
}

const RUNS: Kind<RunSummary> = {
  fileName: 'record.json',
  summarise: (text, name) => summaryOf(parseRecord(text, name)),
};
const GATES: Kind<GateSummaryLine> = {
  fileName: VERDICT_FILE,
  pending: {
    fileName: INVOCATIONS_FILE,
    problem: `no ${VERDICT_FILE} yet: this gate is still going on, or was killed`,
  },
  summarise: (text, name) => gateSummaryOf(parseVerdict(text, `${name}/${VERDICT_FILE}`), name),
};
const HISTORY: Place = ['history.ndjson'];

/** Some megabytes each. */
const PAGES_KEPT_MAX = 4;
/** Ours have 2 MiB at most, and those of an older version were not much larger; every reader of one holds it in memory. */
const STORED_BYTES_MAX = 16 * 1024 * 1024;
/**
 * For a page that lies in a folder and may be of any age or hand: it runs its own scripts, in an origin of its own, and
 * reaches nobody.
 */
const STORED_POLICY = [
  'sandbox allow-scripts allow-downloads',
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const TITLES: Readonly<Record<number, string>> = {
  400: '400: not a request for a page',
  403: '403: not for this server',
  404: '404: no such page',
  405: '405: this can only be read',
  500: '500: the page could not be made',
};

/**
 * Makes the pages; one report at a time, because each takes a processor for a second. A report is made from what was measured
 * whenever that can be read, and not taken from the page beside it: that may be older than the record, after a copy or a checkout
 * no time of a file says so, and it was made by whatever version there was.
 */
export class ReportPages {
  readonly #options: PageOptions;
  readonly #files: FolderFiles;
  readonly #runs: Listing<RunSummary>;
  readonly #gates: Listing<GateSummaryLine>;
  readonly #kept = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PageOptions) {
    this.#options = options;
    this.#files = new FolderFiles(options.folder);
    this.#runs = new Listing(this.#files, RUNS);
    this.#gates = new Listing(this.#files, GATES);
  }

  async index(): Promise<Answer> {
    const { folder, clientEntryPath } = this.#options;
    const view = indexView(await this.#runs.list(), await this.#gates.list(), folder);
    const assets = {
      style: await loadStyle(['run-list.css']),
      scripts: [await inlineModules(clientEntryPath)],
    };
    const page = assemblePage(view.title, runListTemplate()(view), assets, { charts: {}, records: [] });
    return { status: 200, page, policy: policyOf(page) };
  }

  /** @param name as it came with the request */
  async report(kind: ReportKind, name: string): Promise<Answer> {
    const { fileName } = kind === 'runs' ? RUNS : GATES;
    const isThere = (await this.#files.folders()).includes(name);
    const source = isThere ? await this.#files.state([name, fileName]) : null;
    if (source === null)
      return this.message(404, `There is no such ${kind === 'runs' ? 'run' : 'gate'}, or no longer.`);
    try {
      const page = await this.#inTurn(() => this.#made(kind, name));
      return { status: 200, page, policy: policyOf(page) };
    } catch (error) {
      if (!(error instanceof ReportError) || error.code === 'ERR_REPORT_ASSET') throw error;
      // Too large, or of a version that this one does not read: the page was made by one that did.
      const isKept = (await storedPage(this.#files, name, source)) !== null;
      const page = isKept ? await this.#files.text([name, REPORT_FILE], STORED_BYTES_MAX) : null;
      if (page === null) throw error;
      return { status: 200, page, policy: STORED_POLICY };
    }
  }

  async message(status: number, text: string): Promise<Answer> {
    const title = TITLES[status] ?? String(status);
    const assets = { style: await loadStyle(), scripts: [] };
    const page = assemblePage(title, messageTemplate()({ title, text }), assets, { charts: {}, records: [] });
    return { status, page, policy: policyOf(page) };
  }

  /** Kept for as long as nothing changes that it was made from. */
  async #made(kind: ReportKind, name: string): Promise<string> {
    const sources: Place[] =
      kind === 'runs' ? [[name, RUNS.fileName]] : [[name, GATES.fileName], [name, INVOCATIONS_FILE], HISTORY];
    const versions: (string | undefined)[] = [];
    for (const place of sources) versions.push((await this.#files.state(place))?.version);
    const key = JSON.stringify([kind, name, versions]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const page = kind === 'runs' ? await this.#madeOfRun(name) : await this.#madeOfGate(name);
    this.#kept.set(key, page);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > PAGES_KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return page;
  }

  async #madeOfRun(name: string): Promise<string> {
    const record = parseRecord(await this.#needed([name, RUNS.fileName]), name);
    return await renderReport([record], { clientEntryPath: this.#options.clientEntryPath });
  }

  async #madeOfGate(name: string): Promise<string> {
    const verdict = await this.#needed([name, GATES.fileName]);
    const gate = parseGate(verdict, await this.#files.text([name, INVOCATIONS_FILE]), name);
    const { root, clientEntryPath } = this.#options;
    const history = await this.#unlessDamaged(async () => {
      const text = await this.#files.text(HISTORY);
      return text === null ? null : parseGateHistory(text, HISTORY.join('/'), baselinesFolder(root));
    });
    const evidence = await this.#unlessDamaged(() => readEvidence(keptEvidence(root)));
    return await renderGate({ ...gate, history, evidence }, { clientEntryPath });
  }

  async #needed(place: Place): Promise<string> {
    const text = await this.#files.text(place);
    if (text !== null) return text;
    throw new ReportError('ERR_REPORT_RECORD', `${place.join('/')} is gone. Load the list again.`);
  }

  /** A page without a history is better than none; whoever started the server is told. */
  async #unlessDamaged<T>(read: () => Promise<T | null>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      this.#options.complain(`not in the page: ${error.message}`);
      return null;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    // What fails here is told to who asked for it; the next one is not concerned.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
