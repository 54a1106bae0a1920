import { isIPv4 } from 'node:net';
import { TransportError } from '../errors.js';

/** Options of an admin endpoint; all optional. */
export interface AdminOptions {
  /** TCP port; 0, the default, takes any that is free: see `AdminEndpoint.port`. */
  port?: number;
  /** An address of this machine alone: `127.0.0.1` (default), another of 127.0.0.0/8, `::1` or `localhost`. */
  host?: string;
}

/**
 * Checks every option and fills in the defaults.
 * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` naming every problem at once
 */
export function resolveAdminOptions(options: AdminOptions = {}): Required<AdminOptions> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid([`${JSON.stringify(options)} is no object of options`]);
  }
  const { port = 0, host = '127.0.0.1', ...others } = options;
  const problems: string[] = [];
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    problems.push(`port: ${String(port)} is not a whole number from 0 to 65535`);
  }
  if (typeof host !== 'string' || !isLoopback(host)) {
    problems.push(
      `host: ${String(host)} is not an address of this machine alone (127.0.0.1, ::1, localhost); to scrape from ` +
        'another one, put a proxy with authentication before it',
    );
  }
  for (const name of Object.keys(others)) {
    problems.push(`${name}: there is no such option; there are port and host`);
  }
  if (problems.length > 0) throw invalid(problems);
  return { port, host };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function invalid(problems: readonly string[]): TransportError {
  return new TransportError('ERR_MSGTRANS_INVALID_OPTION', `invalid admin options: ${problems.join('; ')}`);
}
