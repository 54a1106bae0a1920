import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assemblePage, loadStyle, policyOf } from '../document/assemble.js';
import { inlineModules } from '../document/inline-modules.js';
import { messageTemplate, runListTemplate } from '../document/templates.js';
import { parseRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { renderReport } from '../render-report.js';
import { routeOf } from './request-route.js';
import { RunFolder } from './run-folder.js';
import { runListView } from './run-list-view.js';

export interface ReportServerOptions {
  folder: string;
  /** 0 for any free one. */
  port: number;
  clientEntryPath: string;
}

export interface ReportServer {
  url: string;
  port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

interface Answer {
  status: number;
  page: string;
  policy: string;
}

const ADDRESS = '127.0.0.1';
const CONNECTIONS_MAX = 64;
const TIMEOUT_MS = 10_000;
/** Some megabytes each. */
const PAGES_KEPT_MAX = 4;
/**
 * For a page that lies in a run's folder and may be of any age: it runs its own scripts, in an origin of its own, and
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

/**
 * Serves the list of runs and their reports on the loopback address, and nothing else.
 *
 * @throws ReportError `ERR_REPORT_PORT` when the port cannot be taken
 */
export async function startReportServer(options: ReportServerOptions): Promise<ReportServer> {
  const pages = new ReportPages(options);
  let port = options.port;
  const server = createServer((request, response) => {
    // Without its style not even the page of an error can be made; that ends one connection, not the server.
    answerRequest(pages, request, response, port).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = TIMEOUT_MS;
  server.requestTimeout = TIMEOUT_MS;
  await listening(server, options.port);
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://${ADDRESS}:${port}/`,
    port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    // Not once: when descriptors run out later, accepting fails here too, and who waits is served when some are back.
    server.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'another program listens there'
          : error.code === 'EACCES'
            ? 'this user may not listen there'
            : error.message;
      fail(
        new ReportError(
          'ERR_REPORT_PORT',
          `${ADDRESS}:${port}: ${why}. Choose another with --port N, or 0 for any free one.`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen({ host: ADDRESS, port }, done);
  });
}

async function answerRequest(
  pages: ReportPages,
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
): Promise<void> {
  const { method = '', url: target = '', rawHeaders } = request;
  // A body is nothing that is asked for.
  request.resume();
  let answer: Answer;
  try {
    const route = routeOf({ method, target, rawHeaders }, port);
    if (route.kind === 'index') answer = await pages.index();
    else if (route.kind === 'report') answer = await pages.report(route.run);
    else answer = await pages.message(route.status, route.reason);
  } catch (error) {
    answer = await pages.message(500, (error as Error).message);
  }
  const body = Buffer.from(answer.page, 'utf8');
  response.writeHead(answer.status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.length,
    'Content-Security-Policy': `${answer.policy}; frame-ancestors 'none'`,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

const TITLES: Readonly<Record<number, string>> = {
  400: '400: not a request for a page',
  403: '403: not for this server',
  404: '404: no such page',
  405: '405: this can only be read',
  500: '500: the page could not be made',
};

/** Makes the pages; one report at a time, because each takes a processor for a second. */
class ReportPages {
  readonly #runs: RunFolder;
  readonly #options: ReportServerOptions;
  readonly #kept = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReportServerOptions) {
    this.#options = options;
    this.#runs = new RunFolder(options.folder);
  }

  async index(): Promise<Answer> {
    const { folder, clientEntryPath } = this.#options;
    const view = runListView(await this.#inTurn(() => this.#runs.list()), folder);
    const assets = {
      style: await loadStyle(['run-list.css']),
      scripts: [await inlineModules(clientEntryPath)],
    };
    const page = assemblePage(view.title, runListTemplate()(view), assets, { charts: {}, records: [] });
    return { status: 200, page, policy: policyOf(page) };
  }

  async report(run: string): Promise<Answer> {
    const version = await this.#runs.version(run);
    if (version === null) return this.message(404, 'There is no such run, or no longer.');
    const stored = await this.#runs.storedReport(run);
    if (stored !== null) return { status: 200, page: stored, policy: STORED_POLICY };
    const page = await this.#inTurn(() => this.#rendered(run, `${run}\u0000${version}`));
    return { status: 200, page, policy: policyOf(page) };
  }

  async message(status: number, text: string): Promise<Answer> {
    const title = TITLES[status] ?? String(status);
    const assets = { style: await loadStyle(), scripts: [] };
    const page = assemblePage(title, messageTemplate()({ title, text }), assets, { charts: {}, records: [] });
    return { status, page, policy: policyOf(page) };
  }

  async #rendered(run: string, key: string): Promise<string> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const record = parseRecord(await this.#runs.recordText(run), run);
    const page = await renderReport([record], { clientEntryPath: this.#options.clientEntryPath });
    this.#kept.set(key, page);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > PAGES_KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return page;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    // What fails here is told to who asked for it; the next one is not concerned.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
