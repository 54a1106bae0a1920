import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { TransportError } from '../errors.js';
import type { StatisticsReport } from '../statistics/statistics-sampler.js';
import { type AdminOptions, resolveAdminOptions } from './admin-options.js';
import { isHostAllowed } from './host-check.js';
import { metricFamilies } from './metric-families.js';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus-text.js';
import { ScrapeGate } from './scrape-gate.js';

/** What an admin endpoint shows. */
export interface AdminSource {
  report(): StatisticsReport;
  /** Why no more work should be sent here, such as `closing`; undefined when all is well. */
  unhealthyReason(): string | undefined;
}

/** A running admin endpoint. */
export interface AdminEndpoint {
  /** For instance `http://127.0.0.1:9464`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets those in progress end, at most 500 ms. Any number of times. */
  close(): Promise<void>;
}

/** Two: a monitoring system, and a person who looks. */
const SCRAPES_MAX = 2;
/** A scrape takes about a millisecond of the thread: so at most a tenth of it, however many ask. */
const SCRAPE_SPACING_MS = 10;
/** A refused client that asks again at once is told so ten times a second, not ten thousand times. */
const REFUSAL_DELAY_MS = 100;
const RETRY_AFTER_S = 1;
/** More are cut off at once: the descriptors belong to the transport. */
const CONNECTIONS_MAX = 128;
const HEADER_BYTES_MAX = 8 * 1024;
const REQUEST_TIMEOUT_MS = 1_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
/** A client that takes no byte of its answer for so long is cut off, and its scrape is another's. */
const STALLED_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 500;

const TEXT = 'text/plain; charset=utf-8';
const HEALTH_PATH = '/healthz';
const SCRAPES: Record<string, { type: string; render: (source: AdminSource) => string } | undefined> = {
  '/metrics': {
    type: PROMETHEUS_CONTENT_TYPE,
    render: (source) => prometheusText(metricFamilies(source.report())),
  },
  '/snapshot': {
    type: 'application/json; charset=utf-8',
    render: (source) => `${JSON.stringify(source.report().snapshot)}\n`,
  },
};

/**
 * Serves `/metrics` (Prometheus text), `/snapshot` (JSON) and `/healthz` over HTTP to this machine alone.
 *
 * It answers 403 to a `Host` that is not this machine, 405 to anything but GET and HEAD, 503 with `Retry-After` to
 * scrapes beyond two at once, and to `/healthz` while its source is unhealthy. It keeps no process alive.
 *
 * Thread: the source's; every answer is made there.
 * @throws (rejects) TransportError `ERR_MSGTRANS_INVALID_OPTION`, `ERR_MSGTRANS_ADDRESS_IN_USE`,
 *   `ERR_MSGTRANS_LISTEN_FAILED`
 */
export async function createAdminEndpoint(
  source: AdminSource,
  options?: AdminOptions,
): Promise<AdminEndpoint> {
  const { port, host } = resolveAdminOptions(options);
  const endpoint = new HttpAdminEndpoint(source);
  await endpoint.listen(port, host);
  return endpoint;
}

class HttpAdminEndpoint implements AdminEndpoint {
  private readonly source: AdminSource;
  private readonly server: Server;
  private readonly gate = new ScrapeGate(SCRAPES_MAX, SCRAPE_SPACING_MS);
  /** Connections that wait for no answer. */
  private readonly idle = new Set<Socket>();
  private address: AddressInfo = { address: '', family: '', port: 0 };
  private closing: Promise<void> | undefined;

  constructor(source: AdminSource) {
    this.source = source;
    this.server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        // How often the timeout of requests is looked at.
        connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 2,
      },
      (request, response) => this.serve(request, response),
    );
    this.server.maxConnections = CONNECTIONS_MAX;
    this.server.timeout = STALLED_TIMEOUT_MS;
    this.server.on('connection', (socket: Socket) => {
      this.idle.add(socket.unref());
      socket.on('close', () => this.idle.delete(socket));
    });
  }

  get port(): number {
    return this.address.port;
  }

  get url(): string {
    const { address, family, port } = this.address;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(listenFailed(host, port, error)));
      this.server.listen({ port, host, exclusive: true }, resolve);
    });
    this.server.removeAllListeners('error');
    // Accepting can fail for want of descriptors; the client tries again, and the transport reports its own.
    this.server.on('error', () => {});
    this.server.unref();
    this.address = this.server.address() as AddressInfo;
  }

  close(): Promise<void> {
    this.closing ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      this.server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      // Node.js counts a connection that has not asked for anything yet as busy.
      for (const socket of this.idle) socket.destroy();
    });
    return this.closing;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!this.idle.delete(socket)) {
      // Asking again before the answer came would let one connection hold any number of requests.
      socket.destroy();
      return;
    }
    response.on('close', () => {
      if (!socket.destroyed) this.idle.add(socket);
    });
    const path = (request.url ?? '').split('?', 1)[0];
    const scrape = Object.hasOwn(SCRAPES, path) ? SCRAPES[path] : undefined;
    if (!isHostAllowed(request.headersDistinct.host, this.port, this.address.address)) {
      this.answer(response, 403, 'the Host header is none of this machine\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      this.answer(response, 405, 'only GET and HEAD are answered\n');
    } else if (hasBody(request)) {
      this.answer(response, 413, 'a request takes no body here\n');
    } else if (scrape !== undefined) {
      this.scrape(response, scrape);
    } else if (path === HEALTH_PATH) {
      this.health(response);
    } else {
      this.answer(response, 404, `there are ${[...Object.keys(SCRAPES), HEALTH_PATH].join(', ')}\n`);
    }
  }

  private scrape(response: ServerResponse, { type, render }: NonNullable<(typeof SCRAPES)[string]>): void {
    const isIn = this.gate.enter(() => {
      if (response.destroyed) return;
      this.attempt(response, () => this.answer(response, 200, render(this.source), type));
    });
    if (isIn) {
      response.on('close', () => this.gate.leave());
      return;
    }
    setTimeout(() => {
      response.setHeader('Retry-After', RETRY_AFTER_S);
      this.answer(response, 503, `${SCRAPES_MAX} scrapes are in progress, and that is the most\n`);
    }, REFUSAL_DELAY_MS).unref();
  }

  private health(response: ServerResponse): void {
    this.attempt(response, () => {
      const reason = this.source.unhealthyReason();
      this.answer(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
    });
  }

  /** A source that fails is told to whoever asked, and harms nobody else. */
  private attempt(response: ServerResponse, make: () => void): void {
    try {
      make();
    } catch (error) {
      this.answer(
        response,
        500,
        `the statistics could not be read: ${String((error as Error)?.message ?? error)}\n`,
      );
    }
  }

  private answer(response: ServerResponse, status: number, text: string, type = TEXT): void {
    if (response.destroyed || response.headersSent) return;
    response.statusCode = status;
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // Whoever is refused for what it sent, perhaps with a body still on its way, starts over.
    const isFault = status >= 400 && status < 500;
    if (isFault || !this.server.listening) response.setHeader('Connection', 'close');
    response.end(text);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

function listenFailed(host: string, port: number, error: NodeJS.ErrnoException): TransportError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new TransportError(
      'ERR_MSGTRANS_ADDRESS_IN_USE',
      `the admin endpoint cannot have ${where}, which is in use; choose another port, or 0 for any free one`,
      { cause: error },
    );
  }
  return new TransportError(
    'ERR_MSGTRANS_LISTEN_FAILED',
    `the admin endpoint cannot listen on ${where}: ${error.code ?? error.message}`,
    { cause: error },
  );
}
