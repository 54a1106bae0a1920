import { TransportError } from './errors.js';
import { entriesOf } from './map-entries.js';
import {
  badKey,
  invalid,
  isColumn,
  type MapEntryKey,
  type MapKey,
  type MapKeyColumn,
  type MapKeyKind,
  nativeKey,
  nativeKeys,
  type U64,
  type U64Column,
} from './map-keys.js';
import { type NativeMap, nativeAddon } from './native-addon.js';

/** Of a map made by {@link LockFreeMap.create}. */
export interface LockFreeMapOptions<Kind extends MapKeyKind = MapKeyKind> {
  /** What the keys are. */
  keys: Kind;
  /** Keys for which there is room before the map has to move to a larger table. Default 1 024, at most 2^32. */
  initialCapacity?: number;
  /**
   * Bytes of memory that the map may use: tables, keys, values above 2^62 - 3, and what it waits to free. While it moves
   * it holds two tables. Default 1 GiB, at least 64 KiB.
   */
  memoryBytesMax?: number;
}

/** State of a map, from all threads together. */
export interface LockFreeMapMetrics {
  /** Keys; exact while nobody writes. */
  size: number;
  /** Buckets of the present table, of 64 bytes and three keys each. */
  buckets: number;
  /** How often the map has left a table for a larger, a smaller or a cleaner one. */
  resizes: number;
  /** How often it would have, and was refused the memory; it goes on with longer chains. */
  resizesRefused: number;
  /** Bytes of `memoryBytesMax` in use. */
  bytesInUse: number;
  /** Bytes that wait until no thread can look at them, of all maps of the process. */
  limboBytes: number;
  /** `LockFreeMap` objects that are open on this map, in all threads. */
  shares: number;
}

// As native/binding/lock_free_map_door.cc numbers them.
const Operation = { set: 0, insert: 1, replace: 2, remove: 3, compareAndSwap: 4 } as const;
const Problem = { badKey: 1, badValue: 2, outOfMemory: 3, inexactValue: 4 } as const;
const Status = { inserted: 0, replaced: 1, removed: 2 } as const;

const CAPACITY_MAX = 2 ** 32;
const BYTES_MIN = 64 * 1024;
const BYTES_DEFAULT = 2 ** 30;

/**
 * A hash map that every thread of this process shares, the main thread and all Workers: keys are 64-bit numbers or byte
 * strings, values are 64-bit numbers. Reads are wait-free, writes lock-free, and it grows, shrinks and drops removed keys
 * without a stop.
 *
 * A `LockFreeMap` object is one share. Pass {@link handle} to a Worker and {@link attach} there. The map lives until the
 * last share is closed or collected, or its thread has ended.
 *
 * Every call crosses into native code once, so `getMany`, `setMany` and `removeMany` pay for the crossing once per batch.
 * A batch is no transaction: each of its keys is read or written at a moment of its own. Numbers are several times
 * cheaper than bigints wherever both are taken.
 *
 * Every method throws `ERR_MSGTRANS_CLOSED` after {@link close} and `ERR_MSGTRANS_INVALID_ARGUMENT` for a key or value
 * that is none; every write throws `ERR_MSGTRANS_OUT_OF_MEMORY` when it needs memory beyond `memoryBytesMax`, and has
 * then changed nothing.
 */
export class LockFreeMap<Kind extends MapKeyKind = MapKeyKind> implements Disposable {
  /** What the keys are. */
  readonly keys: Kind;
  /** Number of the map in this process, to attach to from another thread. Never given to another map. */
  readonly handle: number;
  private native: NativeMap | undefined;

  private constructor(keys: Kind, native: NativeMap) {
    this.keys = keys;
    this.native = native;
    this.handle = native.handle();
  }

  /**
   * Makes a map and its first share.
   * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` naming every problem at once, `ERR_MSGTRANS_OUT_OF_MEMORY`
   */
  static create<Kind extends MapKeyKind>(options: LockFreeMapOptions<Kind>): LockFreeMap<Kind> {
    const { keys, initialCapacity = 1024, memoryBytesMax = BYTES_DEFAULT } = options ?? {};
    const problems = [
      ...(isKind(keys) ? [] : [`keys is ${String(keys)}; it must be 'u64' or 'bytes'`]),
      ...outside('initialCapacity', initialCapacity, 1, CAPACITY_MAX),
      ...outside('memoryBytesMax', memoryBytesMax, BYTES_MIN, Number.MAX_SAFE_INTEGER),
    ];
    if (problems.length > 0) {
      throw new TransportError('ERR_MSGTRANS_INVALID_OPTION', `options of a map: ${problems.join('; ')}`);
    }
    const native = new (nativeClass(keys))(0, initialCapacity, memoryBytesMax);
    if (native.handle() === 0) {
      throw new TransportError(
        'ERR_MSGTRANS_OUT_OF_MEMORY',
        `no memory for a map with room for ${initialCapacity} keys within ${memoryBytesMax} bytes; ` +
          'lower initialCapacity or raise memoryBytesMax',
      );
    }
    return new LockFreeMap(keys, native);
  }

  /**
   * One more share of a map that this or another thread has made.
   * @param handle {@link LockFreeMap.handle} of a share that is still open
   * @param keys what its keys are
   * @throws TransportError `ERR_MSGTRANS_CLOSED` when no share of such a map is open, `ERR_MSGTRANS_INVALID_ARGUMENT`
   */
  static attach<Kind extends MapKeyKind>(handle: number, keys: Kind): LockFreeMap<Kind> {
    if (!Number.isSafeInteger(handle) || handle < 1 || !isKind(keys)) {
      throw invalid(
        `${String(handle)}, ${String(keys)} is no handle of a map and the kind of its keys; ` +
          'pass LockFreeMap.handle and LockFreeMap.keys of an open one',
      );
    }
    const native = new (nativeClass(keys))(handle, 0, 0);
    if (native.handle() === 0) {
      throw new TransportError(
        'ERR_MSGTRANS_CLOSED',
        `no map ${handle} with ${keys} keys is open; keep the share that made it open until the others are attached`,
      );
    }
    return new LockFreeMap(keys, native);
  }

  /**
   * @returns the value; undefined when the key has none
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` also when the value is above 2^53 - 1: use `getBigInt`
   */
  get(key: MapKey<Kind>): number | undefined {
    return this.read(key, false) as number | undefined;
  }

  /** The same for values of all 64 bits. */
  getBigInt(key: MapKey<Kind>): bigint | undefined {
    return this.read(key, true) as bigint | undefined;
  }

  /** Whether the key has a value. */
  has(key: MapKey<Kind>): boolean {
    return this.read(key, true) !== undefined;
  }

  /** Gives the key this value, whether or not it had one. @returns true when it had none */
  set(key: MapKey<Kind>, value: U64): boolean {
    return this.write(Operation.set, key, value) === Status.inserted;
  }

  /** Gives the key this value if it has none. @returns whether it had none */
  insert(key: MapKey<Kind>, value: U64): boolean {
    return this.write(Operation.insert, key, value) === Status.inserted;
  }

  /** Gives the key this value if it has one. @returns whether it had one */
  replace(key: MapKey<Kind>, value: U64): boolean {
    return this.write(Operation.replace, key, value) === Status.replaced;
  }

  /** @returns whether the key had a value */
  remove(key: MapKey<Kind>): boolean {
    return this.write(Operation.remove, key, undefined) === Status.removed;
  }

  /** Gives the key the value `desired` if it has the value `expected`. @returns whether it had */
  compareAndSwap(key: MapKey<Kind>, expected: U64, desired: U64): boolean {
    return this.write(Operation.compareAndSwap, key, desired, expected) === Status.replaced;
  }

  /**
   * Reads many keys.
   * @param keys n keys
   * @param values of n elements at least; gets the values, 0 where there is none
   * @param found of n elements at least; gets 1 where there is one, else 0
   * @returns how many were found
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` also when a value is not exact in a `Float64Array`; those
   *   before it were written
   */
  getMany(keys: MapKeyColumn<Kind>, values: U64Column, found: Uint8Array): number {
    const [column, ends, count] = nativeKeys(this.keys, keys);
    checkValues(values, count);
    if (!(found instanceof Uint8Array) || found.length < count) {
      throw invalid(`found is no Uint8Array of at least ${count} elements, one for each key`);
    }
    return this.checked(this.opened().getMany(column, ends, values, found));
  }

  /**
   * Writes many keys, in their order; as `set` does.
   * @param keys n keys
   * @param values of n elements at least
   * @returns how many keys had no value before
   * @throws TransportError naming the first key that failed; those before it are written
   */
  setMany(keys: MapKeyColumn<Kind>, values: U64Column): number {
    const [column, ends, count] = nativeKeys(this.keys, keys);
    checkValues(values, count);
    return this.checked(this.opened().setMany(column, ends, values));
  }

  /**
   * Removes many keys.
   * @returns how many had a value
   * @throws TransportError naming the first key that failed; those before it are removed
   */
  removeMany(keys: MapKeyColumn<Kind>): number {
    const [column, ends] = nativeKeys(this.keys, keys);
    return this.checked(this.opened().removeMany(column, ends));
  }

  /**
   * Iterates over the entries, in no order that means anything, 256 per crossing. A key that is there from start to end
   * comes exactly once, one that is changed, removed or inserted meanwhile at most once, also when the map resizes.
   * Nothing is held between two steps, so an iteration may take as long as it likes.
   * @throws TransportError `ERR_MSGTRANS_INVALID_ARGUMENT` at a key or value above 2^53 - 1: use `entriesBigInt`
   */
  entries(): IterableIterator<[MapEntryKey<Kind>, number]> {
    return entriesOf(this.keys, () => this.opened(), Float64Array) as IterableIterator<
      [MapEntryKey<Kind>, number]
    >;
  }

  /** The same for keys and values of all 64 bits. */
  entriesBigInt(): IterableIterator<[Kind extends 'u64' ? bigint : Uint8Array, bigint]> {
    return entriesOf(this.keys, () => this.opened(), BigUint64Array) as IterableIterator<
      [Kind extends 'u64' ? bigint : Uint8Array, bigint]
    >;
  }

  [Symbol.iterator](): IterableIterator<[MapEntryKey<Kind>, number]> {
    return this.entries();
  }

  /** Keys with a value; exact while nobody writes. */
  get size(): number {
    return this.metrics().size;
  }

  metrics(): LockFreeMapMetrics {
    const figures = this.opened().metrics() as [number, number, number, number, number, number, number];
    const [size, buckets, resizes, resizesRefused, bytesInUse, limboBytes, shares] = figures;
    return { size, buckets, resizes, resizesRefused, bytesInUse, limboBytes, shares };
  }

  /** Gives this share up; idempotent. The map goes with its last share. */
  close(): void {
    this.native?.close();
    this.native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private read(key: MapKey<Kind>, asBigInt: boolean): number | bigint | undefined {
    const value = this.opened().get(nativeKey(this.keys, key), asBigInt);
    if (value === false) throw badKey(this.keys, key);
    if (value === null) {
      throw invalid(
        `the value of key ${String(key)} is above 2^53 - 1, the most a number holds; use getBigInt`,
      );
    }
    return value;
  }

  private write(operation: number, key: MapKey<Kind>, value: U64 | undefined, expected?: U64): number {
    const status = this.opened().write(operation, nativeKey(this.keys, key), value, expected);
    if (status >= 0) return status;
    if (-status === Problem.badKey) throw badKey(this.keys, key);
    if (-status === Problem.outOfMemory) throw this.outOfMemory();
    throw invalid(
      `${String(value)}${expected === undefined ? '' : ` or ${String(expected)}`} is no value of a map; ` +
        'pass a bigint from 0 to 2^64 - 1, or a number from 0 to 2^53 - 1',
    );
  }

  private checked(count: number): number {
    if (count >= 0) return count;
    const index = Math.floor(-count / 8);
    switch (-count % 8) {
      case Problem.badKey:
        throw invalid(
          `key ${index} of the batch is none: an integer from 0 to 2^53 - 1, or bytes within the column`,
        );
      case Problem.badValue:
        throw invalid(
          `value ${index} of the batch is no integer from 0 to 2^53 - 1; use a BigUint64Array for others`,
        );
      case Problem.inexactValue:
        throw invalid(
          `the value of key ${index} of the batch is above 2^53 - 1; use a BigUint64Array for values`,
        );
      default:
        throw this.outOfMemory(` at key ${index} of the batch`);
    }
  }

  private outOfMemory(where = ''): TransportError {
    const { bytesInUse, size } = this.metrics();
    return new TransportError(
      'ERR_MSGTRANS_OUT_OF_MEMORY',
      `the map was refused memory${where}: it holds ${size} keys in ${bytesInUse} bytes; ` +
        'remove keys or make it with a larger memoryBytesMax',
    );
  }

  private opened(): NativeMap {
    if (this.native) return this.native;
    throw new TransportError(
      'ERR_MSGTRANS_CLOSED',
      `this share of map ${this.handle} was closed; attach to the map again while another share is open`,
    );
  }
}

function isKind(value: unknown): value is MapKeyKind {
  return value === 'u64' || value === 'bytes';
}

function nativeClass(keys: MapKeyKind) {
  return keys === 'u64' ? nativeAddon().U64Map : nativeAddon().ByteMap;
}

function outside(name: string, value: unknown, min: number, max: number): string[] {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return [];
  return [`${name} is ${String(value)}; it must be an integer from ${min} to ${max}`];
}

function checkValues(values: unknown, count: number): void {
  if (isColumn(values) && values.length >= count) return;
  throw invalid(
    `values are no BigUint64Array or Float64Array of at least ${count} elements, one for each key`,
  );
}
