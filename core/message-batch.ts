import * as layout from './layout.generated.js';
import { Message, staleMessage } from './message.js';
import type { Reactor } from './reactor.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const { DESCRIPTOR_WORDS } = layout;

/** How often a long batch looks at the clock, a power of two, and how long it may run before what it has sent is written. */
const CLOCK_CHECK_MESSAGES = 64;
const FLUSH_AFTER_MS = 0.2;

/**
 * The messages of one delivery, in order within each session. Valid until the handler returns.
 */
export class MessageBatch implements Iterable<Message>, Iterator<Message> {
  /** Messages in the batch. */
  readonly length: number;
  /** @internal Messages handed out so far. */
  taken = 0;
  private readonly reactor: Reactor;
  private readonly epoch: number;
  private readonly firstWord: number;
  private flushedAtMs = 0;

  /** @internal */
  constructor(reactor: Reactor, firstWord: number, length: number) {
    this.reactor = reactor;
    this.epoch = reactor.epoch;
    this.firstWord = firstWord;
    this.length = length;
  }

  [Symbol.iterator](): Iterator<Message> {
    return this;
  }

  next(): IteratorResult<Message> {
    const index = this.taken;
    if (index === this.length) return { done: true, value: undefined };
    // The descriptors are another batch's by now: a loop that waited in between would answer other users.
    if (this.epoch !== this.reactor.epoch) throw staleMessage();
    if ((index & (CLOCK_CHECK_MESSAGES - 1)) === CLOCK_CHECK_MESSAGES - 1) this.flushWhenDue();
    this.taken = index + 1;
    // New objects, both: a loop that they do not leave needs none of them, and the compiler of JavaScript makes none.
    return { done: false, value: new Message(this.reactor, this.firstWord + index * DESCRIPTOR_WORDS) };
  }

  /** Between two messages of a long batch: lets the peers work on the first answers while the rest is handled. */
  private flushWhenDue(): void {
    const now = performance.now();
    if (this.flushedAtMs === 0) {
      this.flushedAtMs = now;
      return;
    }
    if (now - this.flushedAtMs < FLUSH_AFTER_MS && !this.reactor.ring.halfFull) return;
    this.flushedAtMs = now;
    this.reactor.native.flush();
  }
}
