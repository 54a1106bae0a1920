import { FrameLedger } from './frame-ledger.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { Durations, LoadDriver } from './load-driver.js';
import type { LoadEnds } from './load-ends.js';
import type { Load } from './load-plan.js';
import type { MessageSender } from './message-sender.js';
import { MESSAGE_WORDS_MIN, type PayloadReader } from './message-words.js';
import { OneWayLoad } from './one-way-load.js';
import type { LedgerCounts } from './sequence-ledger.js';
import type { SessionTurns } from './session-turns.js';
import type { Sink } from './sink-memory.js';
import { monotonicNs } from './thread-clock.js';

type TickShape = Extract<Load, { mode: 'tick' }>;

/** Frames that should have come in a window, and those of them that came in time. */
export interface FrameCounts {
  framesDue: number;
  framesOnTime: number;
}

/** Players who receive the frames of a broadcast, and send inputs by a schedule meanwhile. */
export class TickLoad implements LoadDriver {
  readonly #inputs: OneWayLoad;
  readonly #frames: FrameLedger;
  readonly #delays = new LatencyHistogram();
  readonly #onTimeNs: number;
  #fromNs = Number.POSITIVE_INFINITY;
  #toNs = Number.POSITIVE_INFINITY;
  #due = 0;
  #onTime = 0;
  #missingBefore = 0;
  /** Players who have seen a tick of after the window: nothing of it is still to come to them. */
  readonly #hasPassed: Uint8Array;
  #passed = 0;
  #isResting = false;

  constructor(
    load: TickShape,
    ends: LoadEnds,
    sessions: number,
    sender: MessageSender,
    turns: SessionTurns,
    sink: Sink,
  ) {
    this.#onTimeNs = 1e9 / load.tickHz;
    this.#frames = new FrameLedger(sessions, load.payloadBytes);
    this.#hasPassed = new Uint8Array(sessions);
    const inputs = {
      mode: 'paced',
      ratePerSecond: sessions * load.inputsHz,
      percentOfMax: 0,
      payloadBytes: MESSAGE_WORDS_MIN * 4,
      touchesAll: false,
      stormPercent: 0,
    } as const;
    this.#inputs = new OneWayLoad(inputs, ends, sessions, sender, turns, sink);
  }

  /** Every player has joined: it has seen a tick. */
  get isUp(): boolean {
    return this.#frames.hasAllJoined;
  }

  get isScheduled(): boolean {
    return true;
  }

  get isBehind(): boolean {
    return this.#inputs.isBehind;
  }

  begin(nowNs: number, discardNs: number, measureNs: number): void {
    this.#isResting = false;
    this.#hasPassed.fill(0);
    this.#passed = 0;
    this.#fromNs = this.#toNs = Number.POSITIVE_INFINITY;
    this.#due = this.#onTime = 0;
    this.#inputs.begin(nowNs, discardNs, measureNs);
  }

  pump(nowNs: number): void {
    this.#inputs.pump(nowNs);
  }

  bound(fromNs: number, toNs: number): void {
    this.#fromNs = fromNs;
    this.#toNs = toNs;
  }

  measure(): void {
    this.#missingBefore = this.#frames.missing;
  }

  rest(nowNs: number): void {
    this.#inputs.rest(nowNs);
    this.#isResting = true;
  }

  /** Frames. */
  completed(): number {
    return this.#frames.delivered;
  }

  /** Inputs, and once the window has ended, a tick of after that for each player: what came before it is known then. */
  outstanding(): number {
    const toPass = this.#isResting ? this.#hasPassed.length - this.#passed : 0;
    return this.#inputs.outstanding() + toPass;
  }

  progress(): number {
    return this.#inputs.completed() + this.#passed;
  }

  takeDurations(): Durations {
    this.#inputs.takeDurations();
    const counts = this.#delays.counts();
    this.#delays.reset();
    return { serviceTimeNs: [], responseTimeNs: counts };
  }

  takeFrames(): FrameCounts {
    return {
      framesDue: this.#due + this.#frames.missing - this.#missingBefore,
      framesOnTime: this.#onTime,
    };
  }

  /** Inputs and frames together. */
  counts(): LedgerCounts {
    const inputs = this.#inputs.counts();
    const frames = this.#frames.counts();
    return {
      delivered: inputs.delivered + frames.delivered,
      duplicated: inputs.duplicated + frames.duplicated,
      reordered: inputs.reordered + frames.reordered,
      corrupted: inputs.corrupted + frames.corrupted,
    };
  }

  /** Frames that came, and those that others overtook and that never did. */
  get framesSent(): number {
    return this.#frames.delivered + this.#frames.missing;
  }

  onMessage(index: number, reader: PayloadReader): void {
    const meantNs = this.#frames.take(index, reader);
    if (meantNs >= this.#toNs) this.#pass(index);
    if (meantNs < this.#fromNs || meantNs >= this.#toNs) return;
    const delayNs = monotonicNs() - meantNs;
    this.#due += 1;
    if (delayNs <= this.#onTimeNs) this.#onTime += 1;
    this.#delays.record(delayNs);
  }

  #pass(index: number): void {
    if (this.#hasPassed[index] === 1) return;
    this.#hasPassed[index] = 1;
    this.#passed += 1;
  }
}
