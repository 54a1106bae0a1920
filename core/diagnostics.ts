import { TransportError } from './errors.js';
import type { SlowConsumerPolicy } from './options.js';
import type { ReportedValues } from './statistics/counter-catalog.js';
import type { CloseReason, SessionId } from './transport.js';

/** What happened; `sessionId` says to which session. */
export type DiagnosticFact =
  | { readonly kind: 'session-opened'; readonly sessionId: SessionId; readonly by: 'peer' | 'this-side' }
  | { readonly kind: 'session-closed'; readonly sessionId: SessionId; readonly reason: CloseReason }
  /** A session that was full has sent everything. */
  | { readonly kind: 'drain'; readonly sessionId: SessionId }
  /** A session took no more: the policy was applied to the packet that was to be sent. */
  | {
      readonly kind: 'slow-consumer';
      readonly sessionId: SessionId;
      readonly policy: SlowConsumerPolicy;
      readonly queuedBytes: number;
    }
  /** A response came that no request waits for: late, doubled or never asked for. */
  | { readonly kind: 'response-unmatched'; readonly sessionId: SessionId; readonly messageId: number }
  | { readonly kind: 'connect-failed'; readonly error: TransportError }
  /** Connections were turned away: `count` since the last such event. */
  | { readonly kind: 'accept-refused'; readonly error: TransportError; readonly count: number };

/** Something that happened in a transport. It holds no memory of the engine and may be kept. */
export type DiagnosticEvent = DiagnosticFact & {
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/** Options of one subscription; all optional. */
export interface SubscribeOptions {
  /** Events that wait until they are read, 1 to `eventQueueCapacity`, which is the default. */
  capacity?: number;
}

/** What is shared by the subscriptions of one transport: their counts. */
interface EventCounts {
  sent: number;
  received: number;
  dropped: number;
}

/**
 * One subscriber's events, oldest first. When they are not read quickly enough the oldest is dropped and counted: what
 * can be read is always the latest, without a gap.
 *
 * Iterating takes them; leaving the loop closes the subscription. Several loops share the events. It ends when the
 * transport has closed and everything was read. Waiting for an event keeps no process alive.
 *
 * Thread: the transport's.
 */
export class DiagnosticSubscription implements AsyncIterableIterator<DiagnosticEvent, undefined>, Disposable {
  /** Events that wait at most. */
  readonly capacity: number;
  /** Events of this subscription that were dropped because it was full. */
  dropped = 0;
  // A circle that is made as large as it was ever needed.
  private readonly events: (DiagnosticEvent | undefined)[] = [];
  private oldest = 0;
  private count = 0;
  private isEnded = false;
  private readonly counts: EventCounts;
  private readonly leave: (subscription: DiagnosticSubscription) => void;
  private waiting: ((result: IteratorResult<DiagnosticEvent, undefined>) => void)[] = [];

  /** @internal */
  constructor(capacity: number, counts: EventCounts, leave: (subscription: DiagnosticSubscription) => void) {
    this.capacity = capacity;
    this.counts = counts;
    this.leave = leave;
  }

  /** Events that wait to be read. */
  get size(): number {
    return this.count;
  }

  /** The oldest event, as soon as there is one. */
  next(): Promise<IteratorResult<DiagnosticEvent, undefined>> {
    const value = this.take();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.isEnded) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  /** Gives the subscription up, and with it what waits, which counts as dropped. Again: nothing. */
  close(): void {
    this.counts.dropped += this.count;
    this.count = 0;
    this.events.length = 0;
    this.end();
    this.leave(this);
  }

  return(): Promise<IteratorResult<DiagnosticEvent, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal */
  push(event: DiagnosticEvent): void {
    this.counts.sent += 1;
    const waiter = this.waiting.shift();
    if (waiter !== undefined) {
      this.counts.received += 1;
      waiter({ value: event, done: false });
      return;
    }
    if (this.count === this.capacity) {
      this.oldest = (this.oldest + 1) % this.capacity;
      this.count -= 1;
      this.dropped += 1;
      this.counts.dropped += 1;
    }
    this.events[(this.oldest + this.count) % this.capacity] = event;
    this.count += 1;
  }

  /** @internal No more events come; what waits can still be read. */
  end(): void {
    this.isEnded = true;
    for (const waiter of this.waiting.splice(0)) waiter({ value: undefined, done: true });
  }

  private take(): DiagnosticEvent | undefined {
    if (this.count === 0) return undefined;
    const event = this.events[this.oldest];
    this.events[this.oldest] = undefined;
    this.oldest = (this.oldest + 1) % this.capacity;
    this.count -= 1;
    this.counts.received += 1;
    return event;
  }
}

/** The diagnostic events of one transport and those who listen to them. Thread: the transport's. */
export class Diagnostics {
  /** Whether anybody listens. Asked before an event is made, so that one nobody wants costs a load and no memory. */
  isWatched = false;
  private readonly capacity: number;
  private readonly counts: EventCounts = { sent: 0, received: 0, dropped: 0 };
  private readonly subscriptions = new Set<DiagnosticSubscription>();

  /** @param capacity most that one subscriber may leave unread (`eventQueueCapacity`) */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` */
  subscribe({ capacity = this.capacity }: SubscribeOptions = {}): DiagnosticSubscription {
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > this.capacity) {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        `capacity: ${String(capacity)} is not a whole number from 1 to ${this.capacity} (eventQueueCapacity)`,
      );
    }
    const subscription = new DiagnosticSubscription(capacity, this.counts, (leaving) => {
      this.subscriptions.delete(leaving);
      this.isWatched = this.subscriptions.size > 0;
    });
    this.subscriptions.add(subscription);
    this.isWatched = true;
    return subscription;
  }

  /** Tells everybody. Never calls user code. To be called only while {@link isWatched}. */
  tell(fact: DiagnosticFact): void {
    const event = { ...fact, atMs: Date.now() };
    for (const subscription of this.subscriptions) subscription.push(event);
  }

  /** The transport has closed. */
  end(): void {
    this.isWatched = false;
    for (const subscription of this.subscriptions) subscription.end();
  }

  /** What was sent is what was received, dropped, and still waits. */
  values(): ReportedValues {
    let waiting = 0;
    for (const subscription of this.subscriptions) waiting += subscription.size;
    return {
      diagnosticsSent: this.counts.sent,
      diagnosticsReceived: this.counts.received,
      diagnosticsDropped: this.counts.dropped,
      diagnosticsWaiting: waiting,
      diagnosticSubscribers: this.subscriptions.size,
    };
  }
}
