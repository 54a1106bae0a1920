/** Opening sockets of `node:net` with typed errors and, for connects, abort signals. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { TransportError } from '../errors.js';
import type { SocketAddress } from './socket-address.js';

/** Pending connections asked for; the system cuts it to `somaxconn`. */
const BACKLOG = 4096;

const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  // Our half is closed by the session, after the handlers of what came before the peer's end have answered.
  allowHalfOpen: true,
};

/** A server, not listening yet, whose sockets call their write queue full at `highWaterMark` bytes. */
export function makeServer(highWaterMark: number): Server {
  return createServer({ ...SOCKET_OPTIONS, highWaterMark });
}

/**
 * Binds and listens.
 * @throws (rejects) TransportError `ERR_MSGTRANS_ADDRESS_IN_USE`, `ERR_MSGTRANS_LISTEN_FAILED`
 */
export function startServer(server: Server, address: SocketAddress, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new TransportError(
          taken ? 'ERR_MSGTRANS_ADDRESS_IN_USE' : 'ERR_MSGTRANS_LISTEN_FAILED',
          `cannot listen on ${url}: ${cause.message}${taken ? '; choose another address, or port 0 for any free one' : ''}`,
          { cause },
        ),
      );
    };
    server.once('error', onError);
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

/**
 * Connects with the options every socket of the baseline has.
 * @throws (rejects) TransportError `ERR_MSGTRANS_CONNECT_FAILED`, `ERR_MSGTRANS_ABORTED`, or a signal's TransportError
 */
export function openSocket(
  address: SocketAddress,
  url: string,
  { highWaterMark, signals }: { highWaterMark: number; signals: (AbortSignal | undefined)[] },
): Promise<Socket> {
  const given = signals.filter((signal) => signal !== undefined);
  const signal = AbortSignal.any(given);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(url, signal));
      return;
    }
    const socket = connect({
      ...address,
      ...SOCKET_OPTIONS,
      // `net.connect` passes it to the stream, though its types do not know it.
      ...{ highWaterMark },
    });
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.off('connect', onConnect);
    };
    const onAbort = () => {
      settle();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(abortError(url, signal));
    };
    const onError = (cause: Error) => {
      settle();
      reject(
        new TransportError(
          'ERR_MSGTRANS_CONNECT_FAILED',
          `cannot connect to ${url}: ${cause.message || String(cause)}; check that the peer listens there`,
          { cause },
        ),
      );
    };
    const onConnect = () => {
      settle();
      resolve(socket);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', onConnect);
  });
}

function abortError(url: string, signal: AbortSignal): TransportError {
  const { reason } = signal;
  if (reason instanceof TransportError) return reason;
  return new TransportError('ERR_MSGTRANS_ABORTED', `connecting to ${url} was aborted by its signal`, {
    cause: reason,
  });
}
