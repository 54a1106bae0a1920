/** `tcp://host:port` and `unix:///path`, to and from what `node:net` takes. */
import { isIPv6, type Socket } from 'node:net';
import { TransportError } from '../errors.js';

export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** `sun_path` has 108 bytes, the last of which ends the string. */
const UNIX_PATH_BYTES_MAX = 107;

/** @throws TransportError `ERR_MSGTRANS_INVALID_URL` saying what is wrong with `text` */
export function parseSocketAddress(text: string): SocketAddress {
  const tcp = /^tcp:\/\/(\[[^\]]+\]|[^[\]:/?#@]+):(\d{1,5})\/?$/.exec(text);
  if (tcp !== null) {
    const bracketed = tcp[1].startsWith('[');
    const host = bracketed ? tcp[1].slice(1, -1) : tcp[1];
    if (bracketed && !isIPv6(host)) throw invalid(text, `${host} is no IPv6 address`);
    const port = Number(tcp[2]);
    if (port > 65_535) throw invalid(text, `port ${port} is above 65535`);
    return { kind: 'tcp', host, port };
  }
  const unix = /^unix:\/\/(\/.+)$/.exec(text);
  if (unix !== null) {
    const path = unix[1];
    if (path.includes('\0')) throw invalid(text, 'the path contains a zero byte');
    const bytes = Buffer.byteLength(path);
    if (bytes > UNIX_PATH_BYTES_MAX) {
      throw invalid(text, `the path has ${bytes} bytes, the system takes ${UNIX_PATH_BYTES_MAX}`);
    }
    return { kind: 'unix', path };
  }
  throw invalid(text, 'expected tcp://host:port or unix:///path');
}

function invalid(text: string, why: string): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_URL',
    `cannot use the address ${JSON.stringify(text)}: ${why}`,
  );
}

/** The address as a URL. */
export function formatSocketAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `tcp://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

/** The peer of an accepted socket as a URL; empty for a unix peer, which has no name. */
export function peerAddress(socket: Socket): string {
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return '';
  return formatSocketAddress({ kind: 'tcp', host: socket.remoteAddress, port: socket.remotePort });
}
