import { TransportError } from './errors.js';
import type { CloseReason, Packet } from './transport.js';

/** What the inbox asks of its session. */
export interface InboxOwner {
  /** Unread bytes changed: pause or resume the socket. */
  inboxChanged(unreadBytes: number): void;
  /** Someone iterates, or no one does any more. */
  setPulled(pulled: boolean): void;
}

/** Packets of a session that is pulled from, until they are read; the session's socket is paused above a bound. */
export class SessionInbox {
  private readonly packets: Packet[] = [];
  private head = 0;
  private bytes = 0;
  private closed: CloseReason | undefined;
  private waiting: (() => void)[] = [];
  private loops = 0;
  private readonly owner: InboxOwner;

  constructor(owner: InboxOwner) {
    this.owner = owner;
  }

  get unreadBytes(): number {
    return this.bytes;
  }

  push(packet: Packet): void {
    this.packets.push(packet);
    this.bytes += packetBytes(packet);
    this.owner.inboxChanged(this.bytes);
    this.notify();
  }

  /** The oldest unread packet. */
  shift(): Packet | undefined {
    if (this.head === this.packets.length) return undefined;
    const packet = this.packets[this.head++];
    if (this.head === this.packets.length) {
      this.packets.length = 0;
      this.head = 0;
    } else if (this.head === 1024) {
      // Amortised: an array that is only ever pushed to would grow for ever.
      this.packets.splice(0, this.head);
      this.head = 0;
    }
    this.bytes -= packetBytes(packet);
    this.owner.inboxChanged(this.bytes);
    return packet;
  }

  close(reason: CloseReason): void {
    this.closed = reason;
    this.notify();
  }

  /**
   * Pulls until the session ends; an orderly end ends the loop, any other throws its reason. Each packet goes to one loop,
   * where there are several.
   */
  async *iterate(): AsyncGenerator<Packet, void, void> {
    this.loops += 1;
    this.owner.setPulled(true);
    try {
      for (;;) {
        const packet = this.shift();
        if (packet !== undefined) {
          yield packet;
        } else if (this.closed !== undefined) {
          if (this.closed.code === undefined) return;
          throw new TransportError(this.closed.code, this.closed.message);
        } else {
          await new Promise<void>((resolve) => {
            this.waiting.push(resolve);
          });
        }
      }
    } finally {
      this.loops -= 1;
      if (this.loops === 0) this.owner.setPulled(false);
    }
  }

  private notify(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

/** What a packet costs while it waits: its bytes and something for its objects, so that empty ones count too. */
function packetBytes(packet: Packet): number {
  return packet.payload.length + 128;
}
