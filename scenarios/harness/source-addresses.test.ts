import { expect, it } from 'vitest';
import { parsePortRange, portsPerAddress, sourceAddresses } from './source-addresses.js';

it('leaves the choice to the kernel as long as one address has ports of one parity for all', () => {
  expect(sourceAddresses('tcp://127.0.0.1:80', 11_292, 28_232)).toEqual([]);
  expect(sourceAddresses('tcp://127.0.0.1:80', 11_293, 28_232)).toEqual(['127.0.0.1', '127.0.0.2']);
  expect(sourceAddresses('tcp://127.0.0.1:80', 100_000, 28_232)).toHaveLength(9);
});

it('knows none for what is not this machine’s loopback, and says when there are not enough', () => {
  expect(sourceAddresses('unix:///tmp/socket', 1_000_000, 100)).toEqual([]);
  expect(() => sourceAddresses('tcp://127.0.0.1:80', 1_000_000, 1_000)).toThrow(
    /need 2500 source addresses.*ip_local_port_range/,
  );
});

it('reads the kernel’s range', () => {
  expect(parsePortRange('32768\t60999\n')).toBe(28_232);
  expect(() => parsePortRange('none')).toThrow(/ip_local_port_range holds "none"/);
  expect(portsPerAddress()).toBeGreaterThan(0);
});
