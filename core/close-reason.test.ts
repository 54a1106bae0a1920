import { describe, expect, it } from 'vitest';
import { closeReasonOf, systemErrorName } from './close-reason.js';
import * as layout from './layout.generated.js';
import { resolveOptions } from './options.js';

const OPTIONS = resolveOptions({
  payloadBytesMax: 1111,
  extHeaderBytesMax: 2222,
  writeQueueBytesMax: 3333,
  writeQueueTotalBytesMax: 4444,
  stallTimeoutMs: 5555,
  bufferBytesMax: 6_666_666,
});
const CODES = Object.entries(layout).filter(([name]) => name.startsWith('CLOSE_')) as [string, number][];

describe('close reasons', () => {
  it.each(CODES)('there is one for %s', (name, code) => {
    const reason = closeReasonOf(code, 0, true, OPTIONS);
    expect(reason.local).toBe(true);
    expect(reason.message.length).toBeGreaterThan(10);
    // A transport that was closed is the one code whose name differs: its users see "closed".
    const expected = name === 'CLOSE_ORDERLY' ? undefined : `ERR_MSGTRANS_${name.slice('CLOSE_'.length)}`;
    expect(reason.code).toBe(expected === 'ERR_MSGTRANS_TRANSPORT_CLOSED' ? 'ERR_MSGTRANS_CLOSED' : expected);
  });

  it('say who began an orderly close', () => {
    expect(closeReasonOf(layout.CLOSE_ORDERLY, 0, true, OPTIONS).message).toMatch(/this side/);
    expect(closeReasonOf(layout.CLOSE_ORDERLY, 0, false, OPTIONS)).toMatchObject({
      local: false,
      message: expect.stringMatching(/peer/),
    });
  });

  it.each([
    [layout.CLOSE_PAYLOAD_TOO_LARGE, -1, /4294967295 bytes.*1111 \(payloadBytesMax\)/],
    [layout.CLOSE_EXT_HEADER_TOO_LARGE, 65_535, /65535 bytes.*2222 \(extHeaderBytesMax\)/],
    [layout.CLOSE_SLOW_CONSUMER, 0, /3333 bytes \(writeQueueBytesMax\).*4444 \(writeQueueTotalBytesMax\)/],
    [layout.CLOSE_STALLED, 0, /5555 ms \(stallTimeoutMs\)/],
    [layout.CLOSE_BUFFER_BUDGET, 0, /6666666 bytes \(bufferBytesMax\)/],
    [layout.CLOSE_PROTOCOL_VERSION, 71, /version 71/],
    [layout.CLOSE_PROTOCOL_COMPRESSION, 2, /compression 2/],
    [layout.CLOSE_PROTOCOL_PACKET_TYPE, 9, /type 9/],
    [layout.CLOSE_CONNECTION_LOST, 110, /ETIMEDOUT/],
    [layout.CLOSE_CONNECTION_LOST, 0, /takes no more bytes/],
  ])('code %i with value %i names value and limit', (code, value, text) => {
    expect(closeReasonOf(code, value, false, OPTIONS).message).toMatch(text);
  });

  it('name errors of the system', () => {
    expect(systemErrorName(111)).toBe('ECONNREFUSED');
    expect(systemErrorName(24)).toBe('EMFILE');
    expect(systemErrorName(99_999)).toContain('99999');
  });
});
