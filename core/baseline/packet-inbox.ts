/** Packets received and not taken yet, with one waiter; the bound is kept by the session, which stops reading. */
import { HEADER_BYTES } from '../protocol/wire-layout.generated.js';
import type { Packet } from '../transport.js';

export class PacketInbox {
  #packets: Packet[] = [];
  /** Index of the oldest packet, so that taking one does not move the others. */
  #head = 0;
  #bytes = 0;
  #wake: (() => void) | undefined;

  /** Bytes held, headers included, so that empty packets count too. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#packets.length;
  }

  push(packet: Packet): void {
    this.#packets.push(packet);
    this.#bytes += bytesOf(packet);
    this.wake();
  }

  shift(): Packet | undefined {
    const packet = this.#packets[this.#head];
    if (packet === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= bytesOf(packet);
    if (this.#head === this.#packets.length || this.#head === 1024) {
      this.#packets = this.#packets.slice(this.#head);
      this.#head = 0;
    }
    return packet;
  }

  /** Resolves on the next push or {@link wake}. One waiter at a time. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function bytesOf(packet: Packet): number {
  return HEADER_BYTES + packet.extHeader.length + packet.payload.length;
}
