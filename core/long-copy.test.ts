import { describe, expect, it } from 'vitest';
import { copyLongs } from './long-copy.js';

describe('copying pieces of 8 bytes', () => {
  it.each([0, 1, 7, 8, 9, 15, 16, 17, 32])('copies %i of them and nothing else', (count) => {
    // Bits that a float would not keep: signalling NaNs among them.
    const source = BigInt64Array.from(
      { length: count },
      (_, i) => 0x7ff0_0000_0000_0001n + BigInt(i) * 0x0101_0101n,
    );
    const target = new BigInt64Array(count + 5).fill(-1n);
    copyLongs(target, 2, source);
    expect([...target]).toEqual([-1n, -1n, ...source, -1n, -1n, -1n]);
  });
});
