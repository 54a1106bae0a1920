import { readFileSync } from 'node:fs';

/**
 * Of the ports for one pair of addresses so many are used. Linux goes through those of one parity before it tries the
 * other: once they are taken, each further connect walks past all 14 000 of them, and takes 5 ms instead of 70 µs.
 */
const PORTS_SHARE = 0.4;
/** 127.0.0.1 to 127.0.0.254. */
const ADDRESSES_MAX = 254;

/** How many ports the kernel chooses from for one pair of addresses. */
export function portsPerAddress(): number {
  return parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'));
}

export function parsePortRange(text: string): number {
  const [low, high] = text.trim().split(/\s+/).map(Number);
  if (!(high >= low)) throw new Error(`/proc/sys/net/ipv4/ip_local_port_range holds ${JSON.stringify(text)}`);
  return high - low + 1;
}

/**
 * The local addresses from which `sessions` connections to one loopback address leave, so that each has a port; none when
 * the kernel's own choice has enough.
 * @throws Error when no number of them has
 */
export function sourceAddresses(url: string, sessions: number, ports: number): string[] {
  const needed = Math.ceil(sessions / Math.floor(ports * PORTS_SHARE));
  if (needed <= 1 || !url.startsWith('tcp://127.')) return [];
  if (needed > ADDRESSES_MAX) {
    throw new Error(
      `${sessions} connections to ${url} need ${needed} source addresses with ${ports} ports each; there are ` +
        `${ADDRESSES_MAX}. Widen net.ipv4.ip_local_port_range, or ask for fewer sessions`,
    );
  }
  return Array.from({ length: needed }, (_, index) => `127.0.0.${index + 1}`);
}
