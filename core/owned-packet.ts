import {
  DESCRIPTOR_EXT_LENGTH,
  DESCRIPTOR_GENERATION,
  DESCRIPTOR_MESSAGE_ID_WIRE,
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_WORD,
  DESCRIPTOR_SLOT_WORD,
  DESCRIPTOR_WIRE_WORD0,
  DESCRIPTOR_WORDS,
} from './layout.generated.js';
import { FLAG_HIGH_PRIORITY } from './protocol/wire-layout.generated.js';
import type { Reactor } from './reactor.js';
import { isLent } from './slice-pinning.js';
import type { Packet, PacketType } from './transport.js';
import { byteSwap32, packetTypeName } from './wire-words.js';

/** One allocation serves consecutive packets of one session up to this many bytes. */
const CHUNK_BYTES_MAX = 8 * 1024;
const NO_BYTES = new Uint8Array(0);

/** A packet in memory that belongs to the receiver; its views are made when they are asked for. */
export class OwnedPacket implements Packet {
  readonly messageId: number;
  private readonly wire: number;
  private readonly extLengthAndFlags: number;
  private readonly chunk: Uint8Array;
  private readonly start: number;
  private readonly length: number;
  private view: Uint8Array | undefined;

  /** @internal `start`: of the payload in `chunk`; the ext header lies before it. */
  constructor(
    messageId: number,
    wire: number,
    ext: number,
    chunk: Uint8Array,
    start: number,
    length: number,
  ) {
    this.messageId = messageId;
    this.wire = wire;
    this.extLengthAndFlags = ext;
    this.chunk = chunk;
    this.start = start;
    this.length = length;
  }

  get packetType(): PacketType {
    return packetTypeName((this.wire >>> 16) & 0xff);
  }

  get bizType(): number {
    return this.wire >>> 24;
  }

  get highPriority(): boolean {
    return ((this.extLengthAndFlags >>> 16) & FLAG_HIGH_PRIORITY) !== 0;
  }

  get payload(): Uint8Array {
    this.view ??= new Uint8Array(this.chunk.buffer, this.chunk.byteOffset + this.start, this.length);
    return this.view;
  }

  get extHeader(): Uint8Array {
    const length = this.extLengthAndFlags & 0xffff;
    if (length === 0) return NO_BYTES;
    return new Uint8Array(this.chunk.buffer, this.chunk.byteOffset + this.start - length, length);
  }
}

/** Copies the packet whose descriptor begins at word `at`. */
export function copyPacket(reactor: Reactor, at: number): OwnedPacket {
  const { words } = reactor;
  const ext = words[at + DESCRIPTOR_EXT_LENGTH] & 0xffff;
  const start = words[at + DESCRIPTOR_PAYLOAD_OFFSET] - ext;
  const length = words[at + DESCRIPTOR_PAYLOAD_LENGTH];
  const slice = words[at + DESCRIPTOR_SLICE_WORD];
  if (isLent(slice)) return packetOver(words, at, joined(reactor, slice, start + ext, ext, length), ext);
  return packetOver(words, at, reactor.views.innerBytes(slice, start, ext + length).slice(), ext);
}

/** The ext header and payload of a packet whose header is apart. */
function joined(reactor: Reactor, slice: number, offset: number, ext: number, length: number): Uint8Array {
  const chunk = new Uint8Array(ext + length);
  if (ext > 0) chunk.set(reactor.views.extHeader(slice, offset, ext));
  chunk.set(reactor.views.innerBytes(slice, offset, length), ext);
  return chunk;
}

/**
 * Copies packets of a batch, several at once where they follow each other on one session: they share an allocation,
 * and never with another session's.
 */
export class PacketCopier {
  private readonly reactor: Reactor;
  private chunk = NO_BYTES;
  private chunkBegin = 0;
  private chunkEnd = 0;
  private chunkSlice = -1;

  constructor(reactor: Reactor) {
    this.reactor = reactor;
  }

  /** The packet at descriptor word `at`; the descriptors up to word `end` belong to the same batch. */
  copy(at: number, end: number): OwnedPacket {
    const { words } = this.reactor;
    const ext = words[at + DESCRIPTOR_EXT_LENGTH] & 0xffff;
    const begin = words[at + DESCRIPTOR_PAYLOAD_OFFSET] - ext;
    const length = words[at + DESCRIPTOR_PAYLOAD_LENGTH];
    const slice = words[at + DESCRIPTOR_SLICE_WORD];
    if (isLent(slice)) return copyPacket(this.reactor, at);
    if (slice !== this.chunkSlice || begin < this.chunkBegin || begin + ext + length > this.chunkEnd) {
      this.chunkSlice = slice;
      this.chunkBegin = begin;
      this.chunkEnd = this.runEnd(at, end);
      this.chunk = this.reactor.views.innerBytes(slice, begin, this.chunkEnd - begin).slice();
    }
    return packetOver(words, at, this.chunk, begin - this.chunkBegin + ext);
  }

  /** The memory is read into again: nothing of it may be taken for the next batch's. */
  forget(): void {
    this.chunkSlice = -1;
    this.chunk = NO_BYTES;
  }

  private runEnd(at: number, end: number): number {
    const { words } = this.reactor;
    const slotWord = words[at + DESCRIPTOR_SLOT_WORD];
    const generation = words[at + DESCRIPTOR_GENERATION];
    const slice = words[at + DESCRIPTOR_SLICE_WORD];
    const limit = words[at + DESCRIPTOR_PAYLOAD_OFFSET] + CHUNK_BYTES_MAX;
    let last = words[at + DESCRIPTOR_PAYLOAD_OFFSET] + words[at + DESCRIPTOR_PAYLOAD_LENGTH];
    for (let next = at + DESCRIPTOR_WORDS; next < end; next += DESCRIPTOR_WORDS) {
      const nextEnd = words[next + DESCRIPTOR_PAYLOAD_OFFSET] + words[next + DESCRIPTOR_PAYLOAD_LENGTH];
      if (
        words[next + DESCRIPTOR_SLOT_WORD] !== slotWord ||
        words[next + DESCRIPTOR_GENERATION] !== generation ||
        words[next + DESCRIPTOR_SLICE_WORD] !== slice ||
        nextEnd > limit
      ) {
        break;
      }
      last = nextEnd;
    }
    return last;
  }
}

function packetOver(words: Int32Array, at: number, chunk: Uint8Array, start: number): OwnedPacket {
  return new OwnedPacket(
    byteSwap32(words[at + DESCRIPTOR_MESSAGE_ID_WIRE]),
    words[at + DESCRIPTOR_WIRE_WORD0],
    words[at + DESCRIPTOR_EXT_LENGTH],
    chunk,
    start,
    words[at + DESCRIPTOR_PAYLOAD_LENGTH],
  );
}
