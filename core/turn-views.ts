import type { ForeignArenas } from './foreign-arenas.js';
import * as layout from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import { isLent } from './slice-pinning.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const { DEDICATED_BIT, SLICE_ARENA_SHIFT } = layout;

/** Payloads from here on get an ArrayBuffer of exactly their own bytes. */
const EXACT_BYTES_MIN = 16 * 1024;

/**
 * The views that handlers take in one turn. They lie on ArrayBuffers of their own, made on first use and detached by
 * the engine before it reads into that memory again: a view that is kept becomes empty, it never shows other bytes.
 */
export class TurnViews {
  private readonly native: NativeReactor;
  private readonly bytes: Uint8Array;
  private readonly foreign: ForeignArenas;
  private readonly extents = new Map<number, Extent>();
  private lastSlice = -1;
  private last: Extent | undefined;
  private dedicated: { slice: number; offset: number; view: DataView } | undefined;

  constructor(native: NativeReactor, bytes: Uint8Array, foreign: ForeignArenas) {
    this.native = native;
    this.bytes = bytes;
    this.foreign = foreign;
  }

  /** A view of `length` bytes at `offset`: of the arena, or of the mapping when the slice is a dedicated one. */
  view(slice: number, offset: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const extent = slice === this.lastSlice ? this.last! : this.extentOf(slice);
    if (length >= EXACT_BYTES_MIN) {
      return new Uint8Array(this.native.expose(slice, offset - extent.start, length));
    }
    // Other threads read what lies around it: small payloads are copied, which costs less than a buffer for each.
    if (extent.length === 0) return this.innerBytes(slice, offset, length).slice();
    if (extent.buffer === undefined) {
      // Answers that lie in the slice leave before anybody can write to it.
      this.native.flush();
      extent.buffer = this.native.expose(slice, 0, extent.length);
    }
    return new Uint8Array(extent.buffer, offset - extent.start, length);
  }

  /** The ext header of `length` bytes that belongs to the payload at `offset`. */
  extHeader(slice: number, offset: number, length: number): Uint8Array {
    return isLent(slice)
      ? new Uint8Array(this.native.extHeader(slice))
      : this.view(slice, offset - length, length);
  }

  /** To read the bytes at `offset` through, of memory that is in no arena; the same for as long as one message is read. */
  dedicatedView(slice: number, offset: number, length: number): DataView {
    const known = this.dedicated;
    if (known !== undefined && known.slice === slice && known.offset === offset) return known.view;
    const bytes = this.view(slice, offset, length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.dedicated = { slice, offset, view };
    return view;
  }

  /** Whether a handler can write to all of the slice, the headers between the payloads included. */
  isExposed(slice: number): boolean {
    return this.last !== undefined && this.extents.get(slice)?.buffer !== undefined;
  }

  /** Offset of the slice's first byte in the memory that descriptors of it are relative to. */
  startOf(slice: number): number {
    return this.extentOf(slice).start;
  }

  /** Where to read a slice's bytes for copying, without making a view that has to be detached. */
  innerBytes(slice: number, offset: number, length: number): Uint8Array {
    if (slice & DEDICATED_BIT) return this.view(slice, offset, length);
    const isOwn = slice >>> SLICE_ARENA_SHIFT === this.native.number;
    const bytes = isOwn ? this.bytes : this.foreign.of(slice).bytes;
    return bytes.subarray(offset, offset + length);
  }

  /** The turn is over; its buffers are about to be detached. */
  forget(): void {
    // Slice words of reactors from 128 on are negative: the sign says nothing.
    if (this.last === undefined) return;
    this.extents.clear();
    this.lastSlice = -1;
    this.last = undefined;
    this.dedicated = undefined;
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
