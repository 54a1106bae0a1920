/**
 * The run's source of chance: sfc32 seeded through splitmix32, so that one seed gives the same start orders, case
 * orders, window orders and resamples on every Node version. Not for secrets.
 */
export interface Random {
  /** A whole number in [0, bound). `bound` is at most 2^32. */
  below(bound: number): number;
  /** A new array with the same items in random order. */
  shuffled<Item>(items: readonly Item[]): Item[];
  /** A further generator, independent of this one for all that matters here; named so that adding one moves no other. */
  fork(name: string): Random;
}

export function createRandom(seed: number): Random {
  return fromState(expand(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0), seed);
}

function fromState(state: Uint32Array, seed: number): Random {
  const next = (): number => {
    const sum = (state[0] + state[1] + state[3]) >>> 0;
    state[3] = (state[3] + 1) >>> 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = (state[2] + (state[2] << 3)) >>> 0;
    state[2] = (((state[2] << 21) | (state[2] >>> 11)) + sum) >>> 0;
    return sum;
  };
  const below = (bound: number): number => {
    // Rejection keeps every value equally likely; a plain remainder would favour the low ones.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = next();
    while (value >= limit) value = next();
    return value % bound;
  };
  return {
    below,
    shuffled<Item>(items: readonly Item[]): Item[] {
      const result = [...items];
      for (let index = result.length - 1; index > 0; index--) {
        const other = below(index + 1);
        [result[index], result[other]] = [result[other], result[index]];
      }
      return result;
    },
    fork(name: string): Random {
      return fromState(expand(seed >>> 0, hashText(name)), (seed ^ hashText(name)) >>> 0);
    },
  };
}

function expand(low: number, high: number): Uint32Array {
  const state = new Uint32Array(4);
  let mixed = (low ^ Math.imul(high, 0x9e3779b1)) >>> 0;
  for (let index = 0; index < 4; index++) {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    state[index] = (word ^ (word >>> 16)) >>> 0;
  }
  return state;
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
