/** The requests of one session that wait for their response, by message id. */
import { TransportError } from '../errors.js';
import type { Packet } from '../transport.js';

interface PendingRequest {
  readonly resolve: (packet: Packet) => void;
  readonly reject: (error: TransportError) => void;
  readonly timer: NodeJS.Timeout;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

export class PendingRequests {
  readonly #byId = new Map<number, PendingRequest>();

  get size(): number {
    return this.#byId.size;
  }

  has(messageId: number): boolean {
    return this.#byId.has(messageId);
  }

  /** Resolves with the response to `messageId`; rejects on timeout, abort or {@link rejectAll}. */
  wait(messageId: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<Packet> {
    return new Promise((resolve, reject) => {
      // The event loop runs timers before it reads sockets. After a long task both are due, and an answer that
      // came in time may lie unread in the kernel: judge after one pass over the sockets.
      const timer = setTimeout(() => setImmediate(() => this.#expire(messageId, timeoutMs)), timeoutMs);
      const onAbort = () => this.#abort(messageId, signal);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#byId.set(messageId, { resolve, reject, timer, signal, onAbort });
    });
  }

  /** Hands a response to its request; false when none waits for it. */
  settle(packet: Packet): boolean {
    const request = this.#take(packet.messageId);
    request?.resolve(packet);
    return request !== undefined;
  }

  rejectAll(error: TransportError): void {
    for (const messageId of [...this.#byId.keys()]) this.#take(messageId)?.reject(error);
  }

  #expire(messageId: number, timeoutMs: number): void {
    this.#take(messageId)?.reject(
      new TransportError(
        'ERR_MSGTRANS_REQUEST_TIMEOUT',
        `request ${messageId} was not answered within ${timeoutMs} ms; raise timeoutMs or look at the peer`,
      ),
    );
  }

  #abort(messageId: number, signal: AbortSignal | undefined): void {
    this.#take(messageId)?.reject(
      new TransportError('ERR_MSGTRANS_ABORTED', `request ${messageId} was aborted by its signal`, {
        cause: signal?.reason,
      }),
    );
  }

  #take(messageId: number): PendingRequest | undefined {
    const request = this.#byId.get(messageId);
    if (request === undefined) return undefined;
    this.#byId.delete(messageId);
    clearTimeout(request.timer);
    request.signal?.removeEventListener('abort', request.onAbort);
    return request;
  }
}
