import { describe, expect, it } from 'vitest';
import { faultIn, payloadShape, wordsOf, writePayload } from './payload-words.js';

describe.each([0, 1])('a payload, touch=%d', (touch) => {
  const shape = payloadShape({ bytes: 64, touch });
  const written = (number: number): Uint8Array => {
    const payload = new Uint8Array(shape.bytes);
    writePayload(wordsOf(payload), number, shape);
    return payload;
  };

  it.each([0, 7, -1, 2 ** 31 - 1])('is known by its number %d', (number) => {
    expect(faultIn(written(number), number, shape)).toBe(0);
    expect(faultIn(written(number), number + 1, shape)).toBe(1);
  });

  it('is a fault when it is shorter', () => {
    expect(faultIn(written(7).subarray(0, 60), 7, shape)).toBe(1);
  });

  it(`is ${touch === 1 ? 'a fault' : 'not looked at'} when its last byte is another one`, () => {
    const payload = written(7);
    payload[63] += 1;
    expect(faultIn(payload, 7, shape)).toBe(touch);
  });
});
