import { TransportError } from './errors.js';
import type { RequestOutcome, RequestStatistics } from './statistics/request-statistics.js';
import type { Packet } from './transport.js';

/** One request on its way. */
export interface PendingRequest {
  readonly messageId: number;
  /** What {@link RequestStatistics.begin} said. */
  readonly beganMs: number;
  resolve(packet: Packet): void;
  reject(error: Error): void;
  /** Detaches what watches the request (deadline, abort signal). */
  forget(): void;
}

/** The requests of one session that wait for a response, by message id. */
export class PendingRequests {
  private readonly byId = new Map<number, PendingRequest>();
  private readonly statistics: RequestStatistics;

  /** @param statistics told once how each request ended */
  constructor(statistics: RequestStatistics) {
    this.statistics = statistics;
  }

  get size(): number {
    return this.byId.size;
  }

  has(messageId: number): boolean {
    return this.byId.has(messageId);
  }

  add(request: PendingRequest): void {
    this.byId.set(request.messageId, request);
  }

  /** @returns false when nothing waits for this response: a late one, a duplicate, or one that was never asked for. */
  settle(packet: Packet): boolean {
    const request = this.take(packet.messageId, 'answered');
    if (request === undefined) return false;
    request.resolve(packet);
    return true;
  }

  fail(messageId: number, outcome: Exclude<RequestOutcome, 'answered'>, error: Error): void {
    this.take(messageId, outcome)?.reject(error);
  }

  failAll(error: () => Error): void {
    for (const id of [...this.byId.keys()]) this.fail(id, 'failed', error());
  }

  private take(messageId: number, outcome: RequestOutcome): PendingRequest | undefined {
    const request = this.byId.get(messageId);
    if (request === undefined) return undefined;
    this.byId.delete(messageId);
    request.forget();
    this.statistics.end(outcome, request.beganMs);
    return request;
  }
}

/** @internal The error of a request whose time ran out. */
export function requestTimeout(timeoutMs: number): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_REQUEST_TIMEOUT',
    `no response came within ${timeoutMs} ms (timeoutMs); a later one is counted and dropped`,
  );
}
