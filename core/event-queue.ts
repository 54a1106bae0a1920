import { TransportError } from './errors.js';
import { type NativeEventQueue, nativeAddon } from './native-addon.js';

/** Of a queue made by {@link EventQueue.create}. */
export interface EventQueueOptions {
  /** Records that the queue holds, 1 to 1 048 576; rounded up to a power of two. */
  capacity: number;
  /** Bytes of every record, 1 to 256. */
  recordBytes: number;
}

/** What a queue has seen since it was made, from all threads together. */
export interface EventQueueCounters {
  /** Records accepted. */
  pushed: number;
  /** Records taken. */
  popped: number;
  /** Records refused because the queue was full. */
  dropped: number;
  /** `EventQueue` objects that are open on this queue, in all threads. */
  ends: number;
}

const CAPACITY_MAX = 1 << 20;
const RECORD_BYTES_MAX = 256;

/**
 * A bounded queue of small byte records that any thread of this process can push to and pop from: the main thread and
 * every Worker, without a lock, a message port or a copy on the JavaScript heap.
 *
 * Each record goes to exactly one of those who pop. Records of one thread are taken in the order in which it pushed
 * them. Nothing waits: a full queue refuses and counts, an empty one says so.
 *
 * An `EventQueue` object is one end. Pass {@link handle} to a Worker and {@link attach} there. The queue and what is in
 * it live until the last end is closed or collected, or its thread has ended.
 *
 * Every call crosses into native code once, so `pushMany` and `popMany` pay for the crossing once per batch.
 */
export class EventQueue implements Disposable {
  /** Number of the queue in this process, to attach to from another thread. Never given to another queue. */
  readonly handle: number;
  /** Records that the queue holds. */
  readonly capacity: number;
  /** Bytes of every record. */
  readonly recordBytes: number;
  private native: NativeEventQueue | undefined;

  private constructor(native: NativeEventQueue) {
    this.native = native;
    this.handle = native.handle();
    this.capacity = native.capacity();
    this.recordBytes = native.recordBytes();
  }

  /**
   * Makes a queue and its first end.
   * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` naming every problem at once, `ERR_MSGTRANS_OUT_OF_MEMORY`
   */
  static create(options: EventQueueOptions): EventQueue {
    const { capacity, recordBytes } = checkOptions(options);
    const native = new (nativeAddon().EventQueue)(0, capacity, recordBytes);
    if (native.handle() === 0) {
      throw new TransportError(
        'ERR_MSGTRANS_OUT_OF_MEMORY',
        `no memory for an event queue of ${capacity} records of ${recordBytes} bytes; make a smaller one`,
      );
    }
    return new EventQueue(native);
  }

  /**
   * One more end of a queue that this or another thread has made.
   * @param handle {@link EventQueue.handle} of an end that is still open
   * @throws TransportError `ERR_MSGTRANS_CLOSED` when no end is open any more, `ERR_MSGTRANS_INVALID_ARGUMENT`
   */
  static attach(handle: number): EventQueue {
    if (!Number.isSafeInteger(handle) || handle < 1) {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        `${String(handle)} is no handle of an event queue; pass EventQueue.handle of an open one`,
      );
    }
    const native = new (nativeAddon().EventQueue)(handle, 0, 0);
    if (native.handle() === 0) {
      throw new TransportError(
        'ERR_MSGTRANS_CLOSED',
        `event queue ${handle} has no open end; keep the one that made it open until the others are attached`,
      );
    }
    return new EventQueue(native);
  }

  /**
   * Appends one record; its bytes are copied.
   * @param record exactly `recordBytes` long
   * @returns false when the queue was full, and the record is counted as dropped
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`
   */
  push(record: Uint8Array): boolean {
    if (!(record instanceof Uint8Array) || record.length !== this.recordBytes) throw this.misfit(record);
    return this.opened().push(record) === 1;
  }

  /**
   * Appends records that lie next to one another; as many as fit, from the first, and those stay together.
   * @param records a whole number of records
   * @returns how many were accepted; the others are counted as dropped
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`
   */
  pushMany(records: Uint8Array): number {
    if (!(records instanceof Uint8Array) || records.length % this.recordBytes !== 0)
      throw this.misfit(records);
    return this.opened().push(records);
  }

  /**
   * Takes the oldest record.
   * @returns its bytes, the caller's own; undefined when the queue is empty
   * @throws TransportError `ERR_MSGTRANS_CLOSED`
   */
  pop(): Uint8Array | undefined {
    const record = new Uint8Array(this.recordBytes);
    return this.opened().pop(record) === 1 ? record : undefined;
  }

  /**
   * Takes the oldest records, as many as there are and as `target` holds, and writes them to its beginning.
   * @param target at least one record long; what lies behind the records written is not touched
   * @returns how many records were taken
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_CLOSED`
   */
  popMany(target: Uint8Array): number {
    if (!(target instanceof Uint8Array) || target.length < this.recordBytes) throw this.misfit(target);
    return this.opened().pop(target);
  }

  /** Records in the queue; an estimate while other threads push or pop. */
  get size(): number {
    return this.opened().size();
  }

  /** Records that all threads were refused because the queue was full. */
  get dropped(): number {
    return this.counters().dropped;
  }

  /** What all threads have done with this queue; exact while none of them is at it. */
  counters(): EventQueueCounters {
    const [pushed, popped, dropped, ends] = this.opened().counters();
    return { pushed, popped, dropped, ends };
  }

  /** Gives this end up; the others stay. The last one takes the queue and what is in it along. Again: nothing. */
  close(): void {
    this.native?.close();
    this.native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private opened(): NativeEventQueue {
    if (this.native !== undefined) return this.native;
    throw new TransportError('ERR_MSGTRANS_CLOSED', `this end of event queue ${this.handle} was closed`);
  }

  private misfit(given: unknown): TransportError {
    const what = given instanceof Uint8Array ? `${given.length} bytes are` : `${typeof given} is`;
    return new TransportError(
      'ERR_MSGTRANS_INVALID_ARGUMENT',
      `${what} no Uint8Array of whole records; a record of this queue has ${this.recordBytes} bytes`,
    );
  }
}

function checkOptions(options: EventQueueOptions): EventQueueOptions {
  const limits = { capacity: CAPACITY_MAX, recordBytes: RECORD_BYTES_MAX };
  const given = (options ?? {}) as unknown as Record<string, unknown>;
  const problems = Object.entries(limits).flatMap(([name, max]) => {
    const value = given[name];
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
    return fits ? [] : [`${name}: ${String(value)} is not a whole number from 1 to ${max}`];
  });
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(limits, name))
      problems.push(`${name}: there is no such option; there are capacity, recordBytes`);
  }
  if (problems.length > 0) {
    throw new TransportError(
      'ERR_MSGTRANS_INVALID_OPTION',
      `invalid event queue options: ${problems.join('; ')}`,
    );
  }
  return options;
}
