/**
 * Iterates over a lock-free map by its native cursor: a number that says how far it has come, and nothing that would
 * have to be given back.
 */
import { invalid, type MapKeyKind } from './map-keys.js';
import type { NativeMap } from './native-addon.js';

/** Entries fetched per crossing, while no bucket holds more. */
const ENTRIES_PER_CALL = 256;
/** Bytes of keys fetched per crossing, likewise. */
const KEY_BYTES_PER_CALL = 16 * 1024;

const INEXACT = -4;
const NO_ROOM = -5;
const AT_END = -1;

/**
 * @param kind what the keys are
 * @param opened the map, or throws when it was closed; asked before each crossing
 * @param Column what 64-bit numbers are given as
 */
export function* entriesOf(
  kind: MapKeyKind,
  opened: () => NativeMap,
  Column: typeof Float64Array | typeof BigUint64Array,
): IterableIterator<[number | bigint | Uint8Array, number | bigint]> {
  const cursor = new Float64Array(1);
  let room = ENTRIES_PER_CALL;
  let keyBytes = KEY_BYTES_PER_CALL;
  let values = new Column(room);
  let keys = kind === 'u64' ? new Column(room) : new Uint8Array(keyBytes);
  let ends = new Uint32Array(kind === 'u64' ? 0 : room);
  while (cursor[0] !== AT_END) {
    const count = opened().scan(cursor, keys, ends, values);
    if (count === INEXACT) {
      throw invalid(
        'the map holds a key or value above 2^53 - 1, the most a number holds; use entriesBigInt',
      );
    }
    if (count === NO_ROOM) {
      // One bucket holds more than fits. The cursor has not moved.
      room *= 2;
      keyBytes *= 4;
      values = new Column(room);
      keys = kind === 'u64' ? new Column(room) : new Uint8Array(keyBytes);
      ends = new Uint32Array(kind === 'u64' ? 0 : room);
      continue;
    }
    for (let index = 0; index < count; index += 1) {
      const key =
        kind === 'u64'
          ? keys[index]!
          : (keys as Uint8Array).slice(index === 0 ? 0 : ends[index - 1], ends[index]);
      yield [key, values[index]!];
    }
  }
}
