import { CLOSE_ORDERLY } from './layout.generated.js';
import { aborted, type NativeSession } from './native-session.js';
import type { Reactor } from './reactor.js';
import { sessionGeneration, sessionIdOf } from './session-id.js';
import type { SessionRegistry } from './session-registry.js';
import type { SessionId } from './transport.js';
import { connectFailed } from './transport-errors.js';
import type { TransportAddress } from './transport-url.js';

/** What a connect came to. */
export interface Connected {
  readonly ids: SessionId[];
  /** Of a connect that asked for one session. It may be closed by the time that its promise is looked at. */
  readonly session: NativeSession | undefined;
}

interface PendingConnect {
  readonly url: string;
  readonly ids: SessionId[];
  /** Outcomes that are still to come. */
  remaining: number;
  session: NativeSession | undefined;
  /** The first outcome that was not a session. */
  error: Error | undefined;
  resolve(connected: Connected): void;
  reject(error: Error): void;
  forget(): void;
}

/** The connects of a transport whose outcome the engine has not told yet. */
export class PendingConnects {
  private readonly byId = new Map<number, PendingConnect>();
  private readonly reactor: Reactor;
  private readonly sessions: SessionRegistry;

  constructor(reactor: Reactor, sessions: SessionRegistry) {
    this.reactor = reactor;
    this.sessions = sessions;
  }

  /**
   * Opens `count` sessions; more than one only in process.
   * @throws (rejects) TransportError `ERR_MSGTRANS_CONNECT_FAILED`, `ERR_MSGTRANS_ABORTED`; what was opened is closed then
   */
  async open(
    url: string,
    address: TransportAddress,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<Connected> {
    if (signal?.aborted) throw aborted('connect', signal);
    const { native } = this.reactor;
    const opened =
      address.scheme === 'mem'
        ? native.connectInProcess(address.host, count)
        : native.connect(address.host, address.port);
    if (opened.error !== 0 && opened.id === 0) throw this.failure(url, opened.error);
    return new Promise<Connected>((resolve, reject) => {
      const onAbort = () => {
        native.cancelConnect(opened.id);
        this.giveUp(opened.id, aborted('connect', signal!));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.byId.set(opened.id, {
        url,
        ids: [],
        remaining: count,
        session: undefined,
        error: undefined,
        resolve,
        reject,
        forget: () => signal?.removeEventListener('abort', onAbort),
      });
    });
  }

  /** The engine has opened one. */
  connected(id: number, slotWord: number, generation: number): void {
    const pending = this.byId.get(id);
    if (pending === undefined) {
      // It was given up while its outcome was on its way.
      this.reactor.native.closeSession(slotWord, generation, CLOSE_ORDERLY, true);
      return;
    }
    const isOnlyOne = pending.remaining === 1 && pending.ids.length === 0;
    if (isOnlyOne) pending.session = this.sessions.ensure(slotWord, generation);
    pending.ids.push(sessionIdOf(slotWord, generation));
    this.settle(id, pending);
  }

  /** The engine could not open one. */
  failed(id: number, errno: number): void {
    const pending = this.byId.get(id);
    if (pending === undefined) return;
    pending.error ??= this.failure(pending.url, errno);
    this.settle(id, pending);
  }

  /** The transport closes. */
  giveUpAll(error: () => Error): void {
    for (const id of [...this.byId.keys()]) {
      this.reactor.native.cancelConnect(id);
      this.giveUp(id, error());
    }
  }

  private settle(id: number, pending: PendingConnect): void {
    pending.remaining -= 1;
    if (pending.remaining > 0) return;
    if (pending.error !== undefined) {
      this.giveUp(id, pending.error);
      return;
    }
    this.byId.delete(id);
    pending.forget();
    pending.resolve(pending);
  }

  private giveUp(id: number, error: Error): void {
    const pending = this.byId.get(id);
    if (pending === undefined) return;
    this.byId.delete(id);
    pending.forget();
    for (const opened of pending.ids) {
      this.reactor.native.closeSession(
        opened % 0x1_0000_0000,
        sessionGeneration(opened),
        CLOSE_ORDERLY,
        true,
      );
    }
    pending.reject(error);
  }

  private failure(url: string, errno: number): Error {
    const error = connectFailed(url, errno);
    const { diagnostics } = this.reactor;
    if (diagnostics.isWatched) diagnostics.tell({ kind: 'connect-failed', error });
    return error;
  }
}
