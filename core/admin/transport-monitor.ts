import { TransportError } from '../errors.js';
import type { ReportedValues } from '../statistics/counter-catalog.js';
import type { ReactorReport } from '../statistics/counters-source.js';
import type { PerformanceSnapshot } from '../statistics/performance-snapshot.js';
import { RequestStatistics } from '../statistics/request-statistics.js';
import { StatisticsSampler } from '../statistics/statistics-sampler.js';
import { type AdminEndpoint, createAdminEndpoint } from './admin-endpoint.js';
import type { AdminOptions } from './admin-options.js';

/** What a transport lets its monitor see. */
export interface MonitoredTransport {
  /** The reactors that run now. Not called any more once {@link TransportMonitor.end} was. */
  reactors(): readonly ReactorReport[];
  /** What `core` counts for all reactors together, requests left out: the monitor has those. */
  shared(): ReportedValues;
}

/** The statistics of one transport, and the endpoints that show them. Thread: the transport's. */
export class TransportMonitor {
  /** Told of every request that the transport makes. */
  readonly requests: RequestStatistics;
  private readonly sampler: StatisticsSampler;
  private readonly endpoints = new Set<AdminEndpoint>();
  private isClosing = false;
  private ended: Promise<void> | undefined;

  /**
   * @param intervalMs how often it samples, milliseconds (`metricsSamplingIntervalMs`)
   * @param requests what the transport's sessions count their requests with
   */
  constructor(transport: MonitoredTransport, intervalMs: number, requests = new RequestStatistics()) {
    this.requests = requests;
    const source = {
      reactors: () => transport.reactors(),
      shared: () => ({ ...transport.shared(), ...requests.values() }),
      requestLatency: requests.latency,
    };
    this.sampler = new StatisticsSampler(source, intervalMs);
  }

  performanceSnapshot(): PerformanceSnapshot {
    return this.sampler.snapshot();
  }

  /**
   * Opens an endpoint, which lives until it is closed or the transport is.
   * @throws (rejects) what {@link createAdminEndpoint} throws, and TransportError `ERR_MSGTRANS_CLOSED`
   */
  async admin(options?: AdminOptions): Promise<AdminEndpoint> {
    this.checkOpen();
    const endpoint = await createAdminEndpoint(
      {
        report: () => this.sampler.report(),
        unhealthyReason: () => (this.isClosing ? 'closing' : undefined),
      },
      options,
    );
    if (this.isClosing) await endpoint.close();
    this.checkOpen();
    this.endpoints.add(endpoint);
    const { url, port } = endpoint;
    const close = () => {
      this.endpoints.delete(endpoint);
      return endpoint.close();
    };
    return { url, port, close };
  }

  /** The transport has begun to close: its health is no longer good, its statistics still are. */
  beginClosing(): void {
    this.isClosing = true;
  }

  /** Samples for the last time and closes every endpoint. To be called before the reactors are destroyed. */
  end(): Promise<void> {
    this.isClosing = true;
    this.sampler.stop();
    this.ended ??= Promise.all([...this.endpoints].map((endpoint) => endpoint.close())).then(() => undefined);
    return this.ended;
  }

  private checkOpen(): void {
    if (!this.isClosing) return;
    throw new TransportError('ERR_MSGTRANS_CLOSED', 'this transport is closed; create another one');
  }
}
