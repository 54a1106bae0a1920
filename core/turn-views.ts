import { DEDICATED_BIT } from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';

/** Payloads from here on get an ArrayBuffer of exactly their own bytes. */
const EXACT_BYTES_MIN = 16 * 1024;

/**
 * The views that handlers take in one turn. They lie on ArrayBuffers of their own, made on first use and detached by
 * the engine before it reads into that memory again: a view that is kept becomes empty, it never shows other bytes.
 */
export class TurnViews {
  private readonly native: NativeReactor;
  private readonly bytes: Uint8Array;
  private readonly extents = new Map<number, Extent>();
  private lastSlice = -1;
  private last: Extent | undefined;

  constructor(native: NativeReactor, bytes: Uint8Array) {
    this.native = native;
    this.bytes = bytes;
  }

  /** A view of `length` bytes at `offset`: of the arena, or of the mapping when the slice is a dedicated one. */
  view(slice: number, offset: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const extent = slice === this.lastSlice ? this.last! : this.extentOf(slice);
    if (length >= EXACT_BYTES_MIN) {
      return new Uint8Array(this.native.expose(slice, offset - extent.start, length));
    }
    if (extent.buffer === undefined) {
      // Answers that lie in the slice leave before anybody can write to it.
      this.native.flush();
      extent.buffer = this.native.expose(slice, 0, extent.length);
    }
    return new Uint8Array(extent.buffer, offset - extent.start, length);
  }

  /** Whether a handler can write to all of the slice, the headers between the payloads included. */
  isExposed(slice: number): boolean {
    return this.lastSlice >= 0 && this.extents.get(slice)?.buffer !== undefined;
  }

  /** Offset of the slice's first byte in the memory that descriptors of it are relative to. */
  startOf(slice: number): number {
    return this.extentOf(slice).start;
  }

  /** Where to read a slice's bytes for copying, without making a view that has to be detached. */
  innerBytes(slice: number, offset: number, length: number): Uint8Array {
    return slice & DEDICATED_BIT
      ? this.view(slice, offset, length)
      : this.bytes.subarray(offset, offset + length);
  }

  /** The turn is over; its buffers are about to be detached. */
  forget(): void {
    if (this.lastSlice < 0) return;
    this.extents.clear();
    this.lastSlice = -1;
    this.last = undefined;
  }

  private extentOf(slice: number): Extent {
    let extent = this.extents.get(slice);
    if (extent === undefined) {
      const [start, length] = this.native.sliceExtent(slice);
      extent = { start, length, buffer: undefined };
      this.extents.set(slice, extent);
    }
    this.lastSlice = slice;
    this.last = extent;
    return extent;
  }
}

interface Extent {
  start: number;
  length: number;
  buffer: ArrayBuffer | undefined;
}
