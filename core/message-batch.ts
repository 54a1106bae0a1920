import { DESCRIPTOR_WORDS } from './layout.generated.js';
import { Message, staleMessage } from './message.js';
import type { Reactor } from './reactor.js';

/** How often a long batch looks at the clock, and how long it may run before what it has sent is written. */
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
  private readonly result: { done: boolean; value: Message };
  private flushedAtMs = 0;

  /** @internal */
  constructor(reactor: Reactor, firstWord: number, length: number) {
    this.reactor = reactor;
    this.epoch = reactor.epoch;
    this.firstWord = firstWord;
    this.length = length;
    this.result = { done: false, value: undefined as unknown as Message };
  }

  [Symbol.iterator](): Iterator<Message> {
    return this;
  }

  next(): IteratorResult<Message> {
    const index = this.taken;
    if (index === this.length) {
      this.result.done = true;
      this.result.value = undefined as unknown as Message;
      return this.result as IteratorResult<Message>;
    }
    // The descriptors are another batch's by now: a loop that waited in between would answer other users.
    if (this.epoch !== this.reactor.epoch) throw staleMessage();
    if (index % CLOCK_CHECK_MESSAGES === CLOCK_CHECK_MESSAGES - 1) this.flushWhenDue();
    this.taken = index + 1;
    this.result.value = new Message(this.reactor, this.firstWord + index * DESCRIPTOR_WORDS);
    return this.result as IteratorResult<Message>;
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
