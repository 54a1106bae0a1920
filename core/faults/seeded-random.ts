/** Random numbers that a seed brings back (mulberry32), so that a failing run can be run again. */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * bound);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** Bytes that differ for every session and message, and can be made again for comparison. */
export function patternBytes(seed: number, session: number, message: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const random = new SeededRandom(seed + session * 7919 + message * 104_729);
  const step = 1 + random.below(250);
  let value = random.below(256);
  for (let i = 0; i < length; i++) {
    bytes[i] = value;
    value = (value + step + (i >>> 8)) & 0xff;
  }
  return bytes;
}
