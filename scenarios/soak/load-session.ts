import { connect, type Socket } from 'node:net';
import { encodePacket, NO_BYTES } from '../../core/protocol/packet-codec.js';
import { PacketDecoder } from '../../core/protocol/packet-decoder.js';
import type { Packet } from '../../core/transport.js';
import { type LoadCounts, OUTSTANDING_MAX, SessionLedger } from './session-ledger.js';
import { BIZ_LARGE, BIZ_ONE_WAY, BIZ_REQUEST, type Filler, MESSAGE_BYTES_MIN } from './soak-message.js';

/** What a session tells the load it belongs to. */
export interface LoadSessionOwner {
  readonly counts: LoadCounts;
  readonly filler: Filler;
  /** A small request was answered after so long, by a session that was reading. */
  answered(elapsedNs: bigint): void;
  /** Something came or was acknowledged: payload bytes. */
  moved(bytes: number): void;
  /** The session is over; `error` says why when that was not wanted. */
  ended(session: LoadSession, error: Error | null): void;
}

export type MessageKind = 'request' | 'large' | 'one-way';
const BIZ_TYPES: Readonly<Record<MessageKind, number>> = {
  request: BIZ_REQUEST,
  large: BIZ_LARGE,
  'one-way': BIZ_ONE_WAY,
};

const LARGE_PENDING_MAX = 4;
/**
 * A close waits so many seconds for the last answer; whatever is out then is lost. Counted one by one, so that a process
 * that stood still meanwhile (SIGSTOP, a suspended machine) has its time all the same.
 */
const DRAIN_SECONDS_MAX = 30;

/** One connection of the load: `node:net` and the packet codec, none of the engine. */
export class LoadSession {
  readonly ledger: SessionLedger;
  readonly #socket: Socket;
  readonly #owner: LoadSessionOwner;
  readonly #decoder = new PacketDecoder();
  #state: 'connecting' | 'open' | 'draining' | 'closing' | 'ended' = 'connecting';
  #drainTimer: NodeJS.Timeout | undefined;
  /** When it last began to read again; what was sent before has waited for that, and not for the server. */
  #resumedNs = 0n;

  constructor(number: number, host: string, port: number, owner: LoadSessionOwner) {
    this.ledger = new SessionLedger(number, owner.counts);
    this.#owner = owner;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('connect', () => {
      if (this.#state === 'connecting') this.#state = 'open';
    });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isOver(): boolean {
    return this.#state === 'ended';
  }

  get paused(): boolean {
    return this.#socket.isPaused();
  }

  /** Whether it takes another message of this kind now. */
  takes(kind: MessageKind): boolean {
    if (this.#state !== 'open' || this.ledger.outstanding >= OUTSTANDING_MAX) return false;
    return kind !== 'large' || this.ledger.largePending < LARGE_PENDING_MAX;
  }

  send(kind: MessageKind, bytes: number): void {
    const sequence = this.ledger.send(kind, bytes, process.hrtime.bigint());
    const payload = this.#owner.filler.message(this.ledger.session, sequence, bytes);
    this.#socket.write(
      encodePacket({
        packetType: kind === 'one-way' ? 'one-way' : 'request',
        bizType: BIZ_TYPES[kind],
        messageId: sequence + 1,
        payload,
        extHeader: NO_BYTES,
        highPriority: false,
      }),
    );
  }

  /** Stops or goes on reading: a slow consumer. */
  pause(): void {
    if (this.#state === 'open') this.#socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.#resumedNs = process.hrtime.bigint();
    this.#socket.resume();
  }

  /** Sends nothing more, waits until everything is accounted for, and closes. */
  drain(): void {
    if (this.#state === 'connecting') this.cut();
    if (this.#state !== 'open') return;
    this.resume();
    if (this.ledger.outstanding > 0 && !this.ledger.endsInRequest) this.send('request', MESSAGE_BYTES_MIN);
    this.#state = 'draining';
    let seconds = 0;
    this.#drainTimer = setInterval(() => {
      seconds += 1;
      if (seconds < DRAIN_SECONDS_MAX) return;
      this.#end(new Error(`${this.ledger.outstanding} messages were not answered within ${seconds} s`));
    }, 1000);
    this.#closeWhenDrained();
  }

  /** Resets the connection in the middle of whatever is under way. */
  cut(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearInterval(this.#drainTimer);
    this.#socket.removeAllListeners('data');
    this.#socket.resetAndDestroy();
    this.ledger.close(true);
    this.#owner.ended(this, null);
  }

  #receive(chunk: Buffer): void {
    if (this.#state === 'ended') return;
    try {
      for (const packet of this.#decoder.push(chunk)) this.#take(packet);
    } catch (error) {
      this.#owner.counts.corrupted += 1;
      this.#end(error as Error);
    }
    this.#closeWhenDrained();
  }

  #take({ packetType, bizType, payload }: Packet): void {
    this.#owner.moved(payload.length);
    if (packetType !== 'response') {
      this.ledger.broadcast(payload, bizType);
      return;
    }
    const answered = this.ledger.answer(payload, bizType);
    if (answered !== undefined && !answered.isLarge && answered.sentNs >= this.#resumedNs) {
      this.#owner.answered(process.hrtime.bigint() - answered.sentNs);
    }
  }

  #closeWhenDrained(): void {
    if (this.#state !== 'draining' || this.ledger.outstanding > 0) return;
    this.#state = 'closing';
    clearInterval(this.#drainTimer);
    this.#socket.end();
  }

  /** By the peer, by an error, or because the close is complete. */
  #end(error: Error): void {
    if (this.#state === 'ended') return;
    const wanted = this.#state === 'closing';
    this.#state = 'ended';
    clearInterval(this.#drainTimer);
    this.#socket.destroy();
    this.ledger.close(false);
    this.#owner.ended(this, wanted ? null : error);
  }
}
