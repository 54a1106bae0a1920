import { describe, expect, it } from 'vitest';
import { isHostAllowed } from './host-check.js';

const allowed = (...hosts: string[]) => isHostAllowed(hosts, 9464, '127.0.0.1');

describe('the check of the Host header', () => {
  it('takes the names of this machine with the port of the endpoint', () => {
    for (const host of ['127.0.0.1:9464', 'localhost:9464', 'LocalHost:9464', '[::1]:9464']) {
      expect(allowed(host), host).toBe(true);
    }
    expect(isHostAllowed(['127.9.9.9:9464'], 9464, '127.9.9.9')).toBe(true);
    expect(isHostAllowed(['[::1]:9464'], 9464, '::1')).toBe(true);
  });

  it('refuses every other name, port and form', () => {
    for (const host of [
      ...['evil.example:9464', 'localhost.evil.example:9464', 'evil.example', '127.0.0.1.nip.io:9464'],
      ...['127.0.0.1', 'localhost', '127.0.0.1:80', '127.0.0.1:', '127.0.0.1:94640', '127.0.0.1:09464'],
      ...['user@127.0.0.1:9464', ' 127.0.0.1:9464', '::1:9464', '0.0.0.0:9464', '127.9.9.9:9464', ''],
    ]) {
      expect(allowed(host), host).toBe(false);
    }
  });

  it('refuses none, and more than one', () => {
    expect(isHostAllowed(undefined, 9464, '127.0.0.1')).toBe(false);
    expect(allowed()).toBe(false);
    expect(allowed('127.0.0.1:9464', '127.0.0.1:9464')).toBe(false);
  });

  it('takes a name without a port where the port is that of HTTP', () => {
    expect(isHostAllowed(['localhost'], 80, '127.0.0.1')).toBe(true);
    expect(isHostAllowed(['evil.example'], 80, '127.0.0.1')).toBe(false);
  });
});
