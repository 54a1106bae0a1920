import { systemErrorName } from './close-reason.js';
import { TransportError } from './errors.js';
import { SLOT_MASK } from './layout.generated.js';

export function transportClosed(): TransportError {
  return new TransportError('ERR_MSGTRANS_CLOSED', 'this transport is closed; create another one');
}

export function handlerConflict(): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_HANDLER_CONFLICT',
    "a transport takes messages through onBatch or through on('message'), not both: remove the other handler first",
  );
}

export function countOutside(count: number): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_ARGUMENT',
    `count ${String(count)} is not a whole number from 1 to ${SLOT_MASK}`,
  );
}

export function notInProcess(url: string): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_URL',
    `${url} is no address in this process (mem://name); open sockets one by one with connect()`,
  );
}

export function rangeOutside(begin: number, end: number, length: number): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_ARGUMENT',
    `from ${String(begin)} to ${String(end)} is not within the ${length} ids: give indices of the array`,
  );
}

export function listenFailed(url: string, errno: number): TransportError {
  const name = systemErrorName(errno);
  if (name === 'EADDRINUSE') {
    return new TransportError(
      'ERR_MSGTRANS_ADDRESS_IN_USE',
      `${url} is in use by another listener; choose another address, or port 0 for any free port`,
    );
  }
  return new TransportError('ERR_MSGTRANS_LISTEN_FAILED', `listening on ${url} failed: ${name}`);
}

export function connectFailed(url: string, errno: number): TransportError {
  const name = systemErrorName(errno);
  const next = name === 'ECONNREFUSED' || name === 'ENOENT' ? '; is the server listening there?' : '';
  return new TransportError('ERR_MSGTRANS_CONNECT_FAILED', `connecting to ${url} failed: ${name}${next}`);
}
