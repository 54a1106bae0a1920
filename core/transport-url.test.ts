import { describe, expect, it } from 'vitest';
import { parseTransportUrl, resolveAddress } from './transport-url.js';

describe('transport addresses', () => {
  it.each([
    ['tcp://127.0.0.1:0', '127.0.0.1', 0],
    ['tcp://localhost:8001', 'localhost', 8001],
    ['tcp://a-b.example.org:65535', 'a-b.example.org', 65_535],
    ['tcp://[::1]:80', '::1', 80],
    ['tcp://[fe80::1:2]:1', 'fe80::1:2', 1],
    ['tcp://[::ffff:127.0.0.1]:1', '::ffff:127.0.0.1', 1],
    ['unix:///run/a.sock', '/run/a.sock', -1],
    [`unix:///${'x'.repeat(106)}`, `/${'x'.repeat(106)}`, -1],
    ['unix:///with space and ?#', '/with space and ?#', -1],
    ['mem://orders', 'orders', -1],
    ['mem://shard-7:a.b_c~', 'shard-7:a.b_c~', -1],
    ['mem://', '', -1],
  ])('reads %s', (url, host, port) => {
    expect(parseTransportUrl(url)).toEqual({ scheme: url.slice(0, url.indexOf(':')), host, port });
  });

  it.each([
    ['', /tcp:\/\/host:port/],
    ['127.0.0.1:80', /tcp:\/\/host:port/],
    ['http://127.0.0.1:80', /tcp:\/\/host:port/],
    ['TCP://127.0.0.1:80', /tcp:\/\/host:port/],
    ['tcp://127.0.0.1', /tcp:\/\/host:port/],
    ['tcp://127.0.0.1:', /tcp:\/\/host:port/],
    ['tcp://:80', /tcp:\/\/host:port/],
    ['tcp://a b:80', /tcp:\/\/host:port/],
    ['tcp://a:80/path', /tcp:\/\/host:port/],
    ['tcp://user@host:80', /tcp:\/\/host:port/],
    ['tcp://::1:80', /tcp:\/\/host:port/],
    ['tcp://[::1]', /tcp:\/\/host:port/],
    ['tcp://127.0.0.1:-1', /tcp:\/\/host:port/],
    ['tcp://127.0.0.1:8e3', /tcp:\/\/host:port/],
    ['tcp://127.0.0.1:65536', /65536 is above 65535/],
    ['tcp://127.0.0.1:99999', /99999 is above 65535/],
    ['unix://relative.sock', /absolute path/],
    ['unix://', /absolute path/],
    ['unix:///a\0b', /absolute path/],
    [`unix:///${'x'.repeat(107)}`, /108 bytes, and the kernel takes 107/],
    [`unix:///${'ü'.repeat(60)}`, /121 bytes/],
    ['mem://two words', /name in this process/],
    ['mem://a/b', /name in this process/],
    [`mem://${'x'.repeat(256)}`, /up to 255/],
    [undefined, /tcp:\/\/host:port/],
    [80, /tcp:\/\/host:port/],
    [{ toString: () => 'tcp://127.0.0.1:80' }, /tcp:\/\/host:port/],
  ])('refuses %s with the reason', (url, reason) => {
    expect(() => parseTransportUrl(url as string)).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_URL', message: expect.stringMatching(reason) }),
    );
  });

  it('leave literal addresses and paths to the engine', async () => {
    for (const address of [
      { scheme: 'tcp', host: '127.0.0.1', port: 5 },
      { scheme: 'tcp', host: '::1', port: 5 },
      { scheme: 'unix', host: '/run/a.sock', port: -1 },
      { scheme: 'mem', host: 'orders', port: -1 },
    ] as const) {
      expect(await resolveAddress(address, '')).toEqual(address);
    }
  });

  it('resolve names by the system', async () => {
    const { host, port } = await resolveAddress(
      { scheme: 'tcp', host: 'localhost', port: 5 },
      'tcp://localhost:5',
    );
    expect(['127.0.0.1', '::1']).toContain(host);
    expect(port).toBe(5);
  });

  it('say which name could not be resolved', async () => {
    await expect(
      resolveAddress(
        { scheme: 'tcp', host: 'no.such.host.invalid', port: 5 },
        'tcp://no.such.host.invalid:5',
      ),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_CONNECT_FAILED',
        message: expect.stringContaining('no.such.host.invalid'),
        cause: expect.any(Error),
      }),
    );
  });
});
