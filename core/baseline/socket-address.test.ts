import { expect, it } from 'vitest';
import { formatSocketAddress, parseSocketAddress } from './socket-address.js';

it.each(['tcp://127.0.0.1:0', 'tcp://localhost:8001', 'tcp://[::1]:65535', 'unix:///run/a b.sock'])(
  'reads and writes %s',
  (text) => {
    expect(formatSocketAddress(parseSocketAddress(text))).toBe(text);
  },
);

it.each([
  ['', /expected tcp/],
  ['127.0.0.1:80', /expected tcp/],
  ['http://127.0.0.1:80', /expected tcp/],
  ['tcp://127.0.0.1', /expected tcp/],
  ['tcp://:80', /expected tcp/],
  ['tcp://127.0.0.1:80/path', /expected tcp/],
  ['tcp://user@host:80', /expected tcp/],
  ['tcp://127.0.0.1:65536', /port 65536 is above 65535/],
  ['tcp://[::zz]:80', /no IPv6 address/],
  ['unix://relative', /expected tcp/],
  [`unix:///${'x'.repeat(107)}`, /108 bytes, the system takes 107/],
  ['unix:///a\0b', /zero byte/],
])('refuses %j', (text, why) => {
  expect(() => parseSocketAddress(text)).toThrow(why);
  expect(() => parseSocketAddress(text)).toThrow(
    expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_URL' }),
  );
});
