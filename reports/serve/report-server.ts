import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReportError } from '../record-file/report-error.js';
import { type Answer, type PageOptions, ReportPages } from './report-pages.js';
import { routeOf } from './request-route.js';

export interface ReportServerOptions extends PageOptions {
  /** 0 for any free one. */
  port: number;
}

export interface ReportServer {
  url: string;
  port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

const ADDRESS = '127.0.0.1';
const CONNECTIONS_MAX = 64;
const TIMEOUT_MS = 10_000;

/**
 * Serves the list of runs and gates and their reports on the loopback address, and nothing else.
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
    else if (route.kind !== 'refused') answer = await pages.report(route.kind, route.name);
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
