/**
 * What the two kinds of a lock-free map take as keys, and how keys and values stand in batches.
 */
import { TransportError } from './errors.js';

/** An unsigned 64-bit number: a bigint, or a number where it is a safe integer, which is several times cheaper. */
export type U64 = number | bigint;

/** Many unsigned 64-bit numbers. A `Float64Array` holds safe integers only. */
export type U64Column = BigUint64Array | Float64Array;

/** Many byte strings next to one another: key i is `bytes.subarray(ends[i - 1] or 0, ends[i])`. */
export interface PackedKeys {
  bytes: Uint8Array;
  ends: Uint32Array;
}

/** `u64`: 64-bit numbers. `bytes`: byte strings; a string stands for its UTF-8. */
export type MapKeyKind = 'u64' | 'bytes';

/** A key as it is passed. */
export type MapKey<Kind extends MapKeyKind> = Kind extends 'u64' ? U64 : Uint8Array | string;

/** Many keys as they are passed. */
export type MapKeyColumn<Kind extends MapKeyKind> = Kind extends 'u64' ? U64Column : PackedKeys;

/** A key as iteration gives it. */
export type MapEntryKey<Kind extends MapKeyKind> = Kind extends 'u64' ? number : Uint8Array;

const encoder = new TextEncoder();

/** Lays byte strings next to one another for the batch calls of a map. */
export function packKeys(keys: Iterable<Uint8Array | string>): PackedKeys {
  const parts = Array.from(keys, (key) => (typeof key === 'string' ? encoder.encode(key) : key));
  const ends = new Uint32Array(parts.length);
  let length = 0;
  for (const [index, part] of parts.entries()) ends[index] = length += part.length;
  const bytes = new Uint8Array(length);
  for (const [index, part] of parts.entries()) bytes.set(part, ends[index]! - part.length);
  return { bytes, ends };
}

/** The key as native code takes it; numbers are checked there. */
export function nativeKey(kind: MapKeyKind, key: unknown): unknown {
  if (kind === 'u64') {
    if (typeof key === 'number' || typeof key === 'bigint') return key;
  } else {
    if (typeof key === 'string') return encoder.encode(key);
    if (key instanceof Uint8Array) return key;
  }
  throw badKey(kind, key);
}

/** Keys of a batch as native code takes them: a column and, for byte strings, where each ends. */
export function nativeKeys(
  kind: MapKeyKind,
  keys: U64Column | PackedKeys,
): [ArrayBufferView, unknown, number] {
  if (kind === 'u64') {
    if (isColumn(keys)) return [keys, undefined, keys.length];
    throw invalid('keys of a u64 map come as BigUint64Array or Float64Array');
  }
  const packed = keys as Partial<PackedKeys> | undefined;
  if (packed?.bytes instanceof Uint8Array && packed.ends instanceof Uint32Array) {
    return [packed.bytes, packed.ends, packed.ends.length];
  }
  throw invalid(
    'keys of a bytes map come as { bytes: Uint8Array, ends: Uint32Array }; packKeys() makes them',
  );
}

export function isColumn(value: unknown): value is U64Column {
  return value instanceof BigUint64Array || value instanceof Float64Array;
}

export function badKey(kind: MapKeyKind, key: unknown): TransportError {
  return invalid(
    kind === 'u64'
      ? `${String(key)} is no key of a u64 map; pass a bigint from 0 to 2^64 - 1, or a number from 0 to 2^53 - 1`
      : `a ${typeof key} is no key of a bytes map; pass a Uint8Array or a string`,
  );
}

export function invalid(message: string): TransportError {
  return new TransportError('ERR_MSGTRANS_INVALID_ARGUMENT', message);
}
