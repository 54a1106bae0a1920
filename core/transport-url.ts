import { lookup } from 'node:dns/promises';
import { TransportError } from './errors.js';

/** Where a URL points: a host that may still be a name, a unix path, or a name in this process. */
export interface TransportAddress {
  scheme: 'tcp' | 'unix' | 'mem';
  /** Host name, address, path, or the name of a `mem://` listener. */
  host: string;
  /** -1 where there is none. */
  port: number;
}

const MEM_NAME_BYTES_MAX = 255;

/**
 * Reads `tcp://host:port` (IPv6 in brackets), `unix:///path` or `mem://name`.
 * @throws TransportError `ERR_MSGTRANS_INVALID_URL`
 */
export function parseTransportUrl(url: string): TransportAddress {
  if (typeof url === 'string' && url.startsWith('unix://')) {
    const path = url.slice('unix://'.length);
    const bytes = Buffer.byteLength(path);
    if (!path.startsWith('/') || path.includes('\0')) {
      throw invalid(url, 'a unix socket needs an absolute path: unix:///run/example.sock');
    }
    if (bytes > 107)
      throw invalid(url, `the path has ${bytes} bytes, and the kernel takes 107: choose a shorter one`);
    return { scheme: 'unix', host: path, port: -1 };
  }
  if (typeof url === 'string' && url.startsWith('mem://')) {
    const name = url.slice('mem://'.length);
    if (!/^[\w.~:-]*$/.test(name) || name.length > MEM_NAME_BYTES_MAX) {
      throw invalid(
        url,
        `a name in this process has up to ${MEM_NAME_BYTES_MAX} letters, digits or any of _ - . ~ :, as in mem://orders`,
      );
    }
    return { scheme: 'mem', host: name, port: -1 };
  }
  const match =
    typeof url === 'string'
      ? /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@[\]\s]+)):(\d{1,5})$/.exec(url)
      : null;
  if (match === null) {
    throw invalid(url, 'write tcp://host:port (IPv6 as tcp://[::1]:8001), unix:///path or mem://name');
  }
  const port = Number(match[3]);
  if (port > 65_535) throw invalid(url, `port ${port} is above 65535`);
  return { scheme: 'tcp', host: match[1] ?? match[2], port };
}

/** Resolves a host name to the first address of the system's resolver; addresses and paths pass through. */
export async function resolveAddress(address: TransportAddress, url: string): Promise<TransportAddress> {
  if (address.scheme !== 'tcp' || /^[0-9.]+$/.test(address.host) || address.host.includes(':'))
    return address;
  try {
    return { ...address, host: (await lookup(address.host)).address };
  } catch (cause) {
    throw new TransportError(
      'ERR_MSGTRANS_CONNECT_FAILED',
      `the host of ${url} could not be resolved: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function invalid(url: string, why: string): TransportError {
  return new TransportError(
    'ERR_MSGTRANS_INVALID_URL',
    `${JSON.stringify(url)} is no address of a transport: ${why}`,
  );
}
