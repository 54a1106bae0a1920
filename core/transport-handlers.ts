import { EventEmitter } from 'node:events';
import type { BatchHandler } from './delivery-dispatcher.js';
import { TransportError } from './errors.js';
import { nativeAddon } from './native-addon.js';
import type { NativeSession } from './native-session.js';
import type { Reactor } from './reactor.js';
import type { SessionRegistry } from './session-registry.js';
import type { CloseReason, Packet, TransportEvents } from './transport.js';
import { handlerConflict } from './transport-errors.js';

/** What a program registered with its transport: the one handler for batches, and listeners for events. */
export class TransportHandlers {
  batchHandler: BatchHandler | undefined;
  private readonly emitter = new EventEmitter();
  private readonly reactor: Reactor;
  private readonly sessions: SessionRegistry;
  /** While nobody takes messages, they wait in the inboxes of their sessions. */
  private routesAll = false;
  private isEnded = false;

  constructor(reactor: Reactor, sessions: SessionRegistry) {
    this.reactor = reactor;
    this.sessions = sessions;
    this.updateRouting();
  }

  /** @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT`, `ERR_MSGTRANS_HANDLER_CONFLICT` */
  onBatch(handler: BatchHandler | undefined): void {
    if (handler !== undefined && typeof handler !== 'function') {
      throw new TransportError(
        'ERR_MSGTRANS_INVALID_ARGUMENT',
        `onBatch takes a function, got ${typeof handler}`,
      );
    }
    if (handler !== undefined && this.wants('message')) throw handlerConflict();
    this.batchHandler = handler;
    this.updateRouting();
  }

  /** @throws TransportError `ERR_MSGTRANS_HANDLER_CONFLICT` */
  on<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): void {
    if (event === 'message' && this.batchHandler !== undefined) throw handlerConflict();
    this.emitter.on(event, listener as (...args: unknown[]) => void);
    if (event !== 'message') return;
    this.updateRouting();
    process.nextTick(() => this.deliverUnread());
  }

  off<K extends keyof TransportEvents>(event: K, listener: (...args: TransportEvents[K]) => void): void {
    this.emitter.off(event, listener as (...args: unknown[]) => void);
    this.updateRouting();
  }

  /** The reactors are about to go: nothing is told to them any more. */
  end(): void {
    this.isEnded = true;
  }

  wants(event: keyof TransportEvents): boolean {
    return this.emitter.listenerCount(event) > 0;
  }

  emitSession(session: NativeSession): void {
    this.emitter.emit('session', session);
  }

  emitMessage(session: NativeSession, packet: Packet): void {
    this.emitter.emit('message', session, packet);
  }

  emitClose(session: NativeSession, reason: CloseReason): void {
    this.emitter.emit('close', session, reason);
  }

  emitDrain(session: NativeSession): void {
    this.emitter.emit('drain', session);
  }

  /**
   * Such an error is the machine's state, not the program's mistake: without a listener it is a warning, not the end of
   * the process.
   */
  emitError(error: TransportError): void {
    if (this.wants('error')) this.emitter.emit('error', error);
    else process.emitWarning(error.message, { type: 'TransportWarning', code: error.code });
  }

  private updateRouting(): void {
    const handled = this.batchHandler !== undefined || this.wants('message');
    if (this.isEnded || handled !== this.routesAll) return;
    this.routesAll = !handled;
    this.reactor.native.routeAll(!handled);
  }

  /** Packets that came before there was a handler go to it first. */
  private deliverUnread(): void {
    for (const session of this.sessions) {
      while (this.wants('message')) {
        const packet: Packet | undefined = session.takeUnread();
        if (packet === undefined) break;
        try {
          this.emitMessage(session, packet);
        } catch (error) {
          // As in a delivery: a listener that throws at one packet still gets the next.
          nativeAddon().fatalException(error);
        }
      }
    }
  }
}
