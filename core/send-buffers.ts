import { TransportError } from './errors.js';
import type { NativeReactor } from './native-addon.js';
import type { ResolvedOptions } from './options.js';
import { budgetSpent } from './send-errors.js';

/** Where a payload lies in a slice of this reactor, as in a descriptor. */
export interface SlicePlace {
  readonly id: number;
  readonly offset: number;
}

interface Allocation extends SlicePlace {
  readonly bytes: number;
  released: boolean;
}

/** The buffers of `transport.allocate`. */
export class SendBuffers {
  private readonly native: NativeReactor;
  private readonly options: ResolvedOptions;
  private readonly allocations = new WeakMap<ArrayBufferLike, Allocation>();
  /** The buffer that is being handed over, while what it goes with is sent. */
  private given: ArrayBufferLike | undefined;

  constructor(native: NativeReactor, options: ResolvedOptions) {
    this.native = native;
    this.options = options;
  }

  /** @throws TransportError as `HighPerformanceTransport.allocate` */
  allocate(bytes: number): Uint8Array {
    const { payloadBytesMax } = this.options;
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > payloadBytesMax) {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        `${String(bytes)} is not a whole number of bytes from 1 to ${payloadBytesMax} (payloadBytesMax)`,
      );
    }
    const made = this.native.allocate(bytes);
    if (made === undefined) throw budgetSpent(bytes, this.options);
    const [id, offset, buffer] = made;
    this.allocations.set(buffer, { id, offset, bytes, released: false });
    return new Uint8Array(buffer);
  }

  /** Where the bytes of a view of such a buffer lie. Undefined for any other. */
  placeOf({ buffer, byteOffset, length }: Uint8Array): SlicePlace | undefined {
    const allocation = this.allocations.get(buffer);
    if (allocation === undefined || byteOffset + length > allocation.bytes) return undefined;
    return { id: allocation.id, offset: allocation.offset + byteOffset };
  }

  /** As {@link placeOf}, of the buffer that is being handed over: nobody here needs it afterwards. */
  placeOfGiven(view: Uint8Array): SlicePlace | undefined {
    return this.given !== undefined && view.buffer === this.given ? this.placeOf(view) : undefined;
  }

  /**
   * Gives a buffer away with what is sent; nothing is when `send` throws.
   * @param body the buffer, or what was given instead
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` for anything else, and when it was given back already
   */
  handOver<T>(body: unknown, send: () => T): T {
    if (!(body instanceof Uint8Array) || this.allocations.get(body.buffer)?.released !== false) {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        'handOver: only a buffer of allocate() of this transport that was not given back yet can be handed over',
      );
    }
    this.given = body.buffer;
    try {
      const result = send();
      this.release(body);
      return result;
    } finally {
      this.given = undefined;
    }
  }

  /** Empties all views of the buffer; its memory goes back when nothing that was sent from it waits any more. */
  release(view: Uint8Array): void {
    const allocation = this.allocations.get(view.buffer);
    if (allocation === undefined) {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        'release: only a buffer of allocate() of this transport can be given back',
      );
    }
    if (allocation.released) return;
    allocation.released = true;
    this.native.releaseAllocated(allocation.id, view.buffer as ArrayBuffer);
  }
}
