import { describe, expect, it } from 'vitest';
import { resolveAdminOptions } from './admin-options.js';

describe('admin options', () => {
  it('are any free port on 127.0.0.1 by default', () => {
    expect(resolveAdminOptions()).toEqual({ port: 0, host: '127.0.0.1' });
    expect(resolveAdminOptions({ port: undefined, host: undefined })).toEqual({ port: 0, host: '127.0.0.1' });
  });

  it.each(['127.0.0.1', '127.3.2.1', '::1', 'localhost'])('take %s, which is this machine', (host) => {
    expect(resolveAdminOptions({ host, port: 9464 })).toEqual({ host, port: 9464 });
  });

  it('name every problem at once', () => {
    const wrong = { port: 65_536, host: '0.0.0.0', hots: 1 } as object;
    expect(() => resolveAdminOptions(wrong)).toThrow(
      expect.objectContaining({
        code: 'ERR_MSGTRANS_INVALID_OPTION',
        message: expect.stringMatching(/port: 65536 .*; host: 0\.0\.0\.0 .*; hots: there is no such option/),
      }),
    );
  });

  it.each([
    { port: -1 },
    { port: 1.5 },
    { port: Number.NaN },
    { port: '80' },
    { host: '127.0.0.1.example.com' },
    { host: '::' },
    { host: '' },
    { host: 7 },
    [],
    null,
  ])('refuse %j', (options) => {
    expect(() => resolveAdminOptions(options as object)).toThrow(
      expect.objectContaining({ code: 'ERR_MSGTRANS_INVALID_OPTION' }),
    );
  });
});
