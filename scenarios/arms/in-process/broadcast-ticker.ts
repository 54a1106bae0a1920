import { FRAME_WORDS_MIN, writeFrame } from './frame-words.js';
import { monotonicNs } from './thread-clock.js';

/** What the handler `broadcast` is asked for. */
export interface BroadcastPlan {
  tickHz: number;
  groupSize: number;
  payloadBytes: number;
}

/** A timer of the loop fires up to a millisecond late: it is set for so much earlier, and the loop goes round for the rest. */
const TIMER_SLACK_MS = 1.5;

/**
 * Broadcasts a frame to each group of interest at a fixed rate. Players are put into groups in the order of their opening;
 * ticks are numbered from 0 and meant to be at start + n / rate, however late the one before was.
 */
export class BroadcastTicker<Id> {
  readonly #plan: BroadcastPlan;
  readonly #send: (frame: Uint8Array, players: readonly Id[]) => void;
  readonly #groups: Id[][] = [];
  readonly #words: Int32Array;
  readonly #frame: Uint8Array;
  #players = 0;
  #startNs = 0;
  #tick = 0;

  /** @param send one frame to all players of a group */
  constructor(plan: BroadcastPlan, send: (frame: Uint8Array, players: readonly Id[]) => void) {
    this.#plan = plan;
    this.#send = send;
    this.#words = new Int32Array(Math.max(FRAME_WORDS_MIN, plan.payloadBytes / 4));
    this.#frame = new Uint8Array(this.#words.buffer);
  }

  add(player: Id): void {
    let last = this.#groups.at(-1);
    if (last === undefined || last.length === this.#plan.groupSize) {
      last = [];
      this.#groups.push(last);
    }
    last.push(player);
    this.#players += 1;
    if (this.#players > 1) return;
    // The first tick comes a period later: players come many at once.
    this.#startNs = monotonicNs() + 1e9 / this.#plan.tickHz;
    this.#await();
  }

  /** Ticks go on while there are players; those who come after the last one left are grouped anew. */
  remove(player: Id): void {
    const group = this.#groups.find((players) => players.includes(player));
    if (group === undefined) return;
    group.splice(group.indexOf(player), 1);
    this.#players -= 1;
    if (this.#players === 0) this.#groups.length = 0;
  }

  #meantNs(): number {
    return this.#startNs + (this.#tick * 1e9) / this.#plan.tickHz;
  }

  #await(): void {
    const leftMs = (this.#meantNs() - monotonicNs()) / 1e6;
    if (leftMs > TIMER_SLACK_MS) setTimeout(() => this.#await(), leftMs - TIMER_SLACK_MS);
    else if (leftMs > 0) setImmediate(() => this.#await());
    else this.#broadcast();
  }

  #broadcast(): void {
    if (this.#players === 0) {
      this.#tick = 0;
      return;
    }
    const meantNs = this.#meantNs();
    this.#groups.forEach((players, group) => {
      if (players.length === 0) return;
      writeFrame(this.#words, meantNs, this.#tick, group);
      this.#send(this.#frame, players);
    });
    this.#tick += 1;
    setImmediate(() => this.#await());
  }
}
