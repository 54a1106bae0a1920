/**
 * Finds packets in a byte stream that arrives in pieces, for users of `node:net`.
 *
 * Bounded memory: whole packets inside one chunk are handed out as views over it; only the packet that straddles
 * chunks is collected, in a buffer that grows with the bytes received and never past the packet's own size. A
 * header that claims 16 MiB therefore costs its sender 8 MiB of traffic before it costs us 16 MiB of memory.
 */
import type { Packet } from '../transport.js';
import {
  DEFAULT_PACKET_LIMITS,
  decodeHeader,
  type PacketHeader,
  type PacketLimits,
  packetAt,
  truncatedError,
} from './packet-codec.js';
import { HEADER_BYTES } from './wire-layout.generated.js';

/** First size of the buffer for a packet that straddles chunks, in bytes; it doubles as bytes come in. */
const COLLECT_BYTES_INITIAL = 4096;

export class PacketDecoder {
  readonly #limits: PacketLimits;
  /** Beginning of a packet whose end has not come; its first `#collectedBytes` bytes are valid. */
  #collected: Buffer | undefined;
  #collectedBytes = 0;
  /** The collected packet's header once its 16 bytes are in. */
  #header: PacketHeader | undefined;
  #failed = false;

  constructor(limits: PacketLimits = DEFAULT_PACKET_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes held of a packet whose end has not come; 0 at a packet boundary. */
  get pendingBytes(): number {
    return this.#collectedBytes;
  }

  /**
   * Takes the next bytes of the stream and yields the packets they complete, in order; the packets before a malformed
   * header are yielded first. Run the generator to its end before the next push. Payloads may be views over `chunk`:
   * the caller gives it away.
   * @throws TransportError as `decodeHeader`; the stream cannot be resynchronised, and later pushes yield nothing
   */
  *push(chunk: Uint8Array): Generator<Packet, void, undefined> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let offset = 0;
    while (!this.#failed && offset < bytes.length) {
      if (this.#collected === undefined) {
        const left = bytes.length - offset;
        const header = left >= HEADER_BYTES ? this.#judge(bytes, offset) : undefined;
        if (header !== undefined && frameBytesOf(header) <= left) {
          const packet = packetAt(bytes, offset, header);
          offset += frameBytesOf(header);
          yield packet;
          continue;
        }
      }
      offset = this.#collect(bytes, offset);
      const complete = this.#takeComplete();
      if (complete !== undefined) yield complete;
    }
  }

  /**
   * Says that the stream has ended.
   * @throws TransportError `ERR_MSGTRANS_PROTOCOL_TRUNCATED` when it ended inside a packet
   */
  end(): void {
    if (this.#collectedBytes === 0 || this.#failed) return;
    this.#failed = true;
    throw truncatedError(
      this.#collectedBytes,
      this.#header === undefined ? HEADER_BYTES : frameBytesOf(this.#header),
    );
  }

  /** Copies what the pending packet still needs, at most; returns the offset of the first byte not taken. */
  #collect(bytes: Buffer, offset: number): number {
    const wanted = this.#header === undefined ? HEADER_BYTES : frameBytesOf(this.#header);
    const taken = Math.min(wanted - this.#collectedBytes, bytes.length - offset);
    const room = this.#roomFor(this.#collectedBytes + taken, wanted);
    room.set(bytes.subarray(offset, offset + taken), this.#collectedBytes);
    this.#collectedBytes += taken;
    return offset + taken;
  }

  #roomFor(neededBytes: number, frameBytes: number): Buffer {
    const current = this.#collected;
    if (current !== undefined && current.length >= neededBytes) return current;
    const doubled = Math.max(neededBytes, 2 * (current?.length ?? 0), COLLECT_BYTES_INITIAL);
    // Before the header is known the frame may be of any size, so the initial size is not cut to 16 bytes then.
    const size = this.#header === undefined ? doubled : Math.min(doubled, frameBytes);
    const grown = Buffer.allocUnsafeSlow(size);
    current?.copy(grown, 0, 0, this.#collectedBytes);
    this.#collected = grown;
    return grown;
  }

  #takeComplete(): Packet | undefined {
    const collected = this.#collected;
    if (collected === undefined || this.#collectedBytes < HEADER_BYTES) return undefined;
    this.#header ??= this.#judge(collected, 0);
    if (this.#collectedBytes < frameBytesOf(this.#header)) return undefined;
    const packet = packetAt(collected, 0, this.#header);
    this.#forget();
    return packet;
  }

  #judge(bytes: Buffer, offset: number): PacketHeader {
    try {
      return decodeHeader(bytes, offset, this.#limits);
    } catch (error) {
      this.#failed = true;
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#collected = undefined;
    this.#collectedBytes = 0;
    this.#header = undefined;
  }
}

function frameBytesOf(header: PacketHeader): number {
  return HEADER_BYTES + header.extHeaderBytes + header.payloadBytes;
}
