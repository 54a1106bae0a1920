import { closeReasonOf, systemErrorName } from './close-reason.js';
import { TransportError } from './errors.js';
import {
  CLOSE_ORDERLY,
  DELIVERY_WITH_CLOSINGS,
  DELIVERY_WITH_OPENINGS,
  DESCRIPTOR_GENERATION,
  DESCRIPTOR_SLOT_WORD,
  DESCRIPTOR_WORDS,
  DESCRIPTORS_MAX,
  EVENT_A,
  EVENT_ACCEPT_FAILED,
  EVENT_ACCEPTED,
  EVENT_ARENA,
  EVENT_B,
  EVENT_BROKEN,
  EVENT_C,
  EVENT_CLOSE,
  EVENT_CONNECT_FAILED,
  EVENT_CONNECTED,
  EVENT_DRAIN,
  EVENT_GENERATION,
  EVENT_KIND,
  EVENT_SLOT_WORD,
  SLOT_BROKEN,
  SLOT_FLAGS,
  SLOT_TOLD_FULL,
  SLOT_WANTS_DRAIN,
} from './layout.generated.js';
import { MessageBatch } from './message-batch.js';
import { nativeAddon } from './native-addon.js';
import type { NativeSession } from './native-session.js';
import { PacketCopier } from './owned-packet.js';
import type { Reactor } from './reactor.js';
import { sessionIdOf } from './session-id.js';
import type { SessionRegistry } from './session-registry.js';
import type { CloseReason, Packet } from './transport.js';

export type BatchHandler = (batch: MessageBatch) => void;

/** Where deliveries end: the transport. */
export interface DeliveryTarget {
  readonly batchHandler: BatchHandler | undefined;
  wants(event: 'session' | 'message' | 'close' | 'drain'): boolean;
  emitSession(session: NativeSession): void;
  emitMessage(session: NativeSession, packet: Packet): void;
  emitClose(session: NativeSession, reason: CloseReason): void;
  emitDrain(session: NativeSession): void;
  emitError(error: TransportError): void;
  connected(connectId: number, slotWord: number, generation: number): void;
  connectFailed(connectId: number, errno: number): void;
  sessionEnded(): void;
}

/**
 * Turns one call of the engine into handler calls: openings, then responses and pulled messages, then the batch, then
 * closings, so that within a session connect comes before data and data before close.
 */
export class DeliveryDispatcher {
  /** Responses that matched no request: late, duplicate or never asked for. */
  responsesUnmatched = 0;
  private readonly reactor: Reactor;
  private readonly sessions: SessionRegistry;
  private readonly target: DeliveryTarget;
  private readonly copier: PacketCopier;

  constructor(reactor: Reactor, sessions: SessionRegistry, target: DeliveryTarget) {
    this.reactor = reactor;
    this.sessions = sessions;
    this.target = target;
    this.copier = new PacketCopier(reactor);
  }

  deliver(
    handlerStart: number,
    handlerCount: number,
    routedStart: number,
    routedCount: number,
    eventCount: number,
    flags: number,
  ): void {
    if (flags & DELIVERY_WITH_OPENINGS) this.forEvents(eventCount, false);
    // Routed descriptors grow downwards from the end: the oldest is the last.
    for (let i = DESCRIPTORS_MAX - 1; routedCount > 0 && i >= routedStart; i--)
      this.route(this.descriptor(i));
    if (handlerCount > 0) {
      const first = this.descriptor(handlerStart);
      if (this.target.batchHandler !== undefined) this.runBatch(first, handlerCount);
      else this.runMessages(first, handlerCount);
    }
    this.reactor.epoch += 1;
    this.reactor.views.forget();
    this.copier.forget();
    this.reactor.ring.forgetScratch();
    this.reactor.burst.forget();
    this.reactor.scatter.forget();
    if (flags & DELIVERY_WITH_CLOSINGS) this.forEvents(eventCount, true);
  }

  private descriptor(index: number): number {
    return this.reactor.descriptorWord + index * DESCRIPTOR_WORDS;
  }

  private runBatch(first: number, count: number): void {
    let done = 0;
    while (done < count) {
      const batch = new MessageBatch(this.reactor, first + done * DESCRIPTOR_WORDS, count - done);
      try {
        const returned: unknown = this.target.batchHandler!(batch);
        if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') throw asyncHandler();
        return;
      } catch (error) {
        // The batch goes on behind the message that failed. A handler that failed before it took one would fail for
        // ever: its first message is given up with it.
        done += Math.max(batch.taken, 1);
        nativeAddon().fatalException(error);
      }
    }
  }

  private runMessages(first: number, count: number): void {
    const end = first + count * DESCRIPTOR_WORDS;
    for (let at = first; at < end; at += DESCRIPTOR_WORDS) {
      const session = this.sessionAt(at);
      const packet = this.copier.copy(at, end);
      if (!this.target.wants('message')) session.receive(packet);
      else this.guard(() => this.target.emitMessage(session, packet));
    }
  }

  private route(at: number): void {
    const packet = this.copier.copy(at, at + DESCRIPTOR_WORDS);
    if (packet.packetType === 'response') {
      const session = this.sessions.find(
        this.word(at, DESCRIPTOR_SLOT_WORD),
        this.word(at, DESCRIPTOR_GENERATION),
      );
      if (!session?.requests.settle(packet)) this.unmatched(at, packet);
      else session.inboxChanged(session.unreadBytes);
      return;
    }
    this.sessionAt(at).receive(packet);
  }

  private unmatched(at: number, { messageId }: Packet): void {
    this.responsesUnmatched += 1;
    const { diagnostics } = this.reactor;
    if (!diagnostics.isWatched) return;
    const sessionId = sessionIdOf(this.word(at, DESCRIPTOR_SLOT_WORD), this.word(at, DESCRIPTOR_GENERATION));
    diagnostics.tell({ kind: 'response-unmatched', sessionId, messageId });
  }

  private forEvents(count: number, closings: boolean): void {
    for (let i = 0; i < count; i++) {
      const kind = this.reactor.eventAt(i, EVENT_KIND);
      if ((kind === EVENT_CLOSE) === closings) this.guard(() => this.event(kind, i));
    }
  }

  private event(kind: number, index: number): void {
    const slotWord = this.reactor.eventAt(index, EVENT_SLOT_WORD);
    const generation = this.reactor.eventAt(index, EVENT_GENERATION);
    const a = this.reactor.eventAt(index, EVENT_A);
    const b = this.reactor.eventAt(index, EVENT_B) | 0;
    switch (kind) {
      case EVENT_ACCEPTED:
        this.opened(slotWord, generation, 'peer');
        if (this.target.wants('session')) this.target.emitSession(this.sessions.ensure(slotWord, generation));
        return;
      case EVENT_CONNECTED:
        this.opened(slotWord, generation, 'this-side');
        this.target.connected(a, slotWord, generation);
        return;
      case EVENT_CONNECT_FAILED:
        this.target.connectFailed(a, b);
        return;
      case EVENT_ACCEPT_FAILED:
        this.acceptRefused(b, this.reactor.eventAt(index, EVENT_C));
        return;
      case EVENT_DRAIN:
        this.drain(slotWord, generation);
        return;
      case EVENT_BROKEN:
        this.reactor.table.setFlags(slotWord, SLOT_BROKEN);
        return;
      case EVENT_ARENA:
        this.reactor.foreign.forget(a);
        return;
      default:
        this.close(
          slotWord,
          generation,
          closeReasonOf(a, b, this.reactor.eventAt(index, EVENT_C) === 1, this.reactor.options),
          a,
        );
    }
  }

  private opened(slotWord: number, generation: number, by: 'peer' | 'this-side'): void {
    const { diagnostics } = this.reactor;
    if (!diagnostics.isWatched) return;
    diagnostics.tell({ kind: 'session-opened', sessionId: sessionIdOf(slotWord, generation), by });
  }

  private acceptRefused(errno: number, count: number): void {
    const error = acceptFailed(errno, count);
    const { diagnostics } = this.reactor;
    if (diagnostics.isWatched) diagnostics.tell({ kind: 'accept-refused', error, count });
    this.target.emitError(error);
  }

  private drain(slotWord: number, generation: number): void {
    const { diagnostics } = this.reactor;
    if (diagnostics.isWatched)
      diagnostics.tell({ kind: 'drain', sessionId: sessionIdOf(slotWord, generation) });
    const toldFull = (this.reactor.table.word(slotWord, SLOT_FLAGS) & SLOT_TOLD_FULL) !== 0;
    this.reactor.table.clearFlags(slotWord, SLOT_TOLD_FULL | SLOT_WANTS_DRAIN);
    this.reactor.table.queuedBytes(slotWord);
    this.sessions.find(slotWord, generation)?.onDrained();
    if (toldFull && this.target.wants('drain'))
      this.target.emitDrain(this.sessions.ensure(slotWord, generation));
  }

  private close(slotWord: number, generation: number, reason: CloseReason, code: number): void {
    const { diagnostics } = this.reactor;
    if (diagnostics.isWatched) {
      diagnostics.tell({ kind: 'session-closed', sessionId: sessionIdOf(slotWord, generation), reason });
    }
    const session = this.target.wants('close')
      ? this.sessions.ensure(slotWord, generation)
      : this.sessions.find(slotWord, generation);
    this.sessions.remove(slotWord, generation);
    try {
      session?.onClosed(reason);
      if (session !== undefined) this.target.emitClose(session, reason);
    } finally {
      if (code !== CLOSE_ORDERLY) this.sessions.abnormalCloses += 1;
      this.target.sessionEnded();
    }
  }

  private sessionAt(at: number): NativeSession {
    return this.sessions.ensure(this.word(at, DESCRIPTOR_SLOT_WORD), this.word(at, DESCRIPTOR_GENERATION));
  }

  private word(at: number, index: number): number {
    return this.reactor.words[at + index];
  }

  /** A handler that throws reaches `uncaughtException`; the delivery goes on. */
  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      nativeAddon().fatalException(error);
    }
  }
}

function asyncHandler(): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_ASYNC_BATCH_HANDLER',
    'the onBatch handler returned a promise, but messages are only valid until it returns: take message.ticket() or ' +
      "message.copy() inside it and answer later with transport.reply(ticket, bytes), or use on('message')",
  );
}

function acceptFailed(errno: number, count: number): TransportError {
  const name = systemErrorName(errno);
  const next =
    name === 'EMFILE' || name === 'ENFILE'
      ? 'raise the limit of open files (ulimit -n), or close sessions'
      : 'the system is short of memory for sockets';
  const code =
    name === 'EMFILE' || name === 'ENFILE'
      ? 'ERR_MSGTRANS_DESCRIPTORS_EXHAUSTED'
      : 'ERR_MSGTRANS_OUT_OF_MEMORY';
  return new TransportError(
    code,
    `${count} connections were turned away since the last report: ${name}; ${next}`,
  );
}
