/**
 * The `broadcast` handler (scenarios/harness/CONTROL.md): sessions in interest groups, to each of which a frame goes at
 * every tick. The transport does the sending; ticks that could not be sent in time are sent one by one as soon as it can.
 */
import { fillerByte } from './counter-reply.js';

/** A frame begins with its intended time, tick and group. */
export const FRAME_BYTES_MIN = 16;
const SWITCH_BYTES = 12;
const SWITCH_COMMAND_OFFSET = 8;

export interface TickOptions {
  readonly tickHz: number;
  readonly groupSize: number;
  readonly payloadBytes: number;
}

/** Reads numbers of a request in place. */
interface RequestReader {
  getUint32(offset: number, littleEndian?: boolean): number;
}

/** `Member` is what the transport addresses a session by. */
export class TickBroadcaster<Member> {
  readonly #options: TickOptions;
  readonly #send: (frame: Uint8Array, members: ReadonlySet<Member>) => void;
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #groups: Set<Member>[] = [];
  #joinedToNewest = 0;
  readonly #groupOf = new Map<Member, Set<Member>>();
  #tick = 0;
  /** CLOCK_MONOTONIC at the switch, and ticks sent since; undefined while it does not tick. */
  #startNs: bigint | undefined;
  #ticksSinceStart = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /** `send` takes the bytes of the frame before it returns. */
  constructor(options: TickOptions, send: (frame: Uint8Array, members: ReadonlySet<Member>) => void) {
    this.#options = options;
    this.#send = send;
    this.#frame = Uint8Array.from({ length: options.payloadBytes }, (_, index) => fillerByte(index));
    this.#view = new DataView(this.#frame.buffer);
  }

  join(member: Member): void {
    let group = this.#groups.at(-1);
    if (group === undefined || this.#joinedToNewest === this.#options.groupSize) {
      group = new Set();
      this.#groups.push(group);
      this.#joinedToNewest = 0;
    }
    this.#joinedToNewest += 1;
    group.add(member);
    this.#groupOf.set(member, group);
  }

  leave(member: Member): void {
    this.#groupOf.get(member)?.delete(member);
    this.#groupOf.delete(member);
    if (this.#groupOf.size > 0) return;
    this.#groups = [];
    // Nobody is left to say when to end.
    this.end();
  }

  /** Carries out a request of a player: one that is long enough switches the ticks on or off. */
  handleRequest(request: RequestReader, payloadBytes: number): void {
    if (payloadBytes < SWITCH_BYTES) return;
    if (request.getUint32(SWITCH_COMMAND_OFFSET, true) === 0) this.end();
    else this.begin();
  }

  begin(): void {
    this.end();
    this.#startNs = process.hrtime.bigint();
    this.#ticksSinceStart = 0;
    this.#schedule();
  }

  end(): void {
    this.#startNs = undefined;
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
  }

  #nextNs(startNs: bigint): bigint {
    // Multiplied, not summed: the rounding of one period would add up.
    return startNs + BigInt(Math.floor(((this.#ticksSinceStart + 1) * 1e9) / this.#options.tickHz));
  }

  #schedule(): void {
    if (this.#startNs === undefined) return;
    const waitMs = Number(this.#nextNs(this.#startNs) - process.hrtime.bigint()) / 1e6;
    // What is late leaves after the sessions had their turn.
    this.#timer =
      waitMs <= 0 ? setImmediate(() => this.#sendTick()) : setTimeout(() => this.#sendTick(), waitMs);
  }

  #sendTick(): void {
    if (this.#startNs === undefined) return;
    const nextNs = this.#nextNs(this.#startNs);
    // A timer counts whole milliseconds from a time that may be a moment old.
    if (nextNs <= process.hrtime.bigint()) {
      this.#ticksSinceStart += 1;
      this.#tick = (this.#tick + 1) >>> 0;
      this.#view.setBigUint64(0, nextNs, true);
      this.#view.setUint32(8, this.#tick, true);
      for (const [index, members] of this.#groups.entries()) {
        this.#view.setUint32(12, index, true);
        if (members.size > 0) this.#send(this.#frame, members);
      }
    }
    this.#schedule();
  }
}
