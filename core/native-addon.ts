/**
 * Finds and types the native addon. Everything it exports is internal: arguments are trusted, and the checks are
 * those of `core`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TransportError } from './errors.js';
import type { MachineTopology, NativePlacement } from './topology.js';

export interface ReactorOptions {
  initialSessionCapacity: number;
  payloadBytesMax: number;
  extHeaderBytesMax: number;
  stallTimeoutMs: number;
  lingerTimeoutMs: number;
  bufferBytesMax: number;
  workersPerNumaNode: number;
  enableNumaOptimization: boolean;
  spinTimeUs: number;
  debugBuffers: boolean;
  zeroCopyBuffers: { smallBuffers: number; mediumBuffers: number; largeBuffers: number; hugeBuffers: number };
}

/** Outcome of opening a socket: `error` is an errno, 0 for success. */
export interface Opened {
  error: number;
  id: number;
  url: string;
  port: number;
}

export type DeliveryHandler = (
  handlerStart: number,
  handlerCount: number,
  routedStart: number,
  routedCount: number,
  eventCount: number,
  flags: number,
) => void;

/** One inline reactor; see `native/binding/reactor_door.h`. */
export interface NativeReactor {
  /** In every session id of this reactor. */
  readonly number: number;
  /** Those of the reactors on threads of their own. */
  readonly threadNumbers: readonly number[];
  readonly arena: ArrayBuffer;
  readonly descriptorOffset: number;
  readonly eventOffset: number;
  readonly ringOffset: number;
  /** A port of -1 marks a unix path. */
  listen(host: string, port: number, backlog: number, share: boolean): Opened;
  closeListener(id: number): void;
  connect(host: string, port: number): Opened;
  cancelConnect(id: number): void;
  flush(): void;
  sendDirect(
    slotWord: number,
    generation: number,
    header: Uint8Array,
    extHeader: Uint8Array,
    payload: Uint8Array,
    isHolder: boolean,
  ): boolean;
  /** To a socket of this reactor. -1, or by what the payload is borrowed until it is written. */
  sendBorrowed(
    slotWord: number,
    generation: number,
    header: Uint8Array,
    extHeader: Uint8Array,
    payload: Uint8Array,
  ): number;
  /** What is borrowed by it is copied. */
  copyBorrowed(loan: number): void;
  /** A buffer of zeroes in a slice of its own. Undefined when the byte budget is used up. */
  allocate(bytes: number): [slice: number, offset: number, buffer: ArrayBuffer] | undefined;
  /** Empties the buffer; its slice goes back when nothing refers to it any more. */
  releaseAllocated(slice: number, buffer: ArrayBuffer): void;
  /**
   * One message to a session of another reactor or in process, from where its payload lies in this delivery; or from
   * memory of another reactor, to any. False: nothing was sent, and it is to be copied.
   */
  sendSlice(
    slotWord: number,
    generation: number,
    header: Uint8Array,
    extHeader: Uint8Array,
    sliceWord: number,
    offset: number,
    length: number,
  ): boolean;
  /** The same from a buffer of {@link allocate}, which must be released before anything else is called. */
  giveSlice(
    slotWord: number,
    generation: number,
    header: Uint8Array,
    extHeader: Uint8Array,
    slice: number,
    offset: number,
    length: number,
    isHolder: boolean,
  ): boolean;
  /** One packet in a slice of its own, held until {@link releaseSent}. Undefined when the byte budget is used up. */
  makePacket(
    header: Uint8Array,
    extHeader: Uint8Array,
    payload: Uint8Array,
  ): [slice: number, offset: number] | undefined;
  /** Gives a slice back once the ring was taken as it is now. */
  releaseSent(slice: number): void;
  closeSession(slotWord: number, generation: number, code: number, flush: boolean): boolean;
  closeAll(code: number, flush: boolean): void;
  setPaused(slotWord: number, generation: number, paused: boolean): void;
  setPulled(slotWord: number, generation: number, pulled: boolean): void;
  wantDrain(slotWord: number, generation: number): void;
  /** An empty name asks for an unused one. */
  listenInProcess(name: string): Opened;
  /** `count` sessions with one id: as many `connected` or `connectFailed` events. */
  connectInProcess(name: string, count: number): Opened;
  /** The memory that slice words of another reactor in this delivery speak of. */
  foreignArena(reactor: number): ArrayBuffer | undefined;
  peerUrl(slotWord: number, generation: number): string;
  /** Slots of any reactor of the process, from `index * SEGMENT_SLOTS` on. */
  slotSegment(reactor: number, index: number): ArrayBuffer | undefined;
  routeAll(all: boolean): void;
  sessionsOpen(): number;
  /** Bytes touched. */
  warmUp(): number;
  setDeadlines(any: boolean): void;
  nowMs(): number;
  expose(sliceWord: number, offset: number, bytes: number): ArrayBuffer;
  /** [offset of the slice's first byte in its arena, 0 when dedicated; bytes of it that may be shown at once] */
  sliceExtent(sliceWord: number): [start: number, filled: number];
  /** A copy of the ext header of a packet that another thread has lent: it does not lie in front of its payload. */
  extHeader(sliceWord: number): ArrayBuffer;
  sliceBytes(sliceWord: number): number;
  retain(sliceWord: number, offset: number, bytes: number): number;
  retainedBuffer(handle: number): ArrayBuffer;
  release(handle: number): void;
  /** Of {@link number} or one of {@link threadNumbers}; empty once destroyed. */
  counters(reactor: number): Record<string, number>;
  /** Likewise; see `native/base/shared_latency_histogram.h`. Undefined once destroyed. */
  turnLatency(reactor: number): Float64Array | undefined;
  destroy(): void;
}

/** One end of a queue of records; see `native/binding/event_queue_door.h`. */
export interface NativeEventQueue {
  handle(): number;
  capacity(): number;
  recordBytes(): number;
  push(records: Uint8Array): number;
  pop(target: Uint8Array): number;
  size(): number;
  counters(): [pushed: number, popped: number, dropped: number, ends: number];
  close(): void;
}

/** One share of a lock-free map; see `native/binding/lock_free_map_door.h`. Below zero: a problem. */
export interface NativeMap {
  handle(): number;
  get(key: unknown, asBigInt: boolean): number | bigint | undefined | null | false;
  write(operation: number, key: unknown, value: unknown, expected: unknown): number;
  getMany(keys: ArrayBufferView, ends: unknown, values: ArrayBufferView, found: Uint8Array): number;
  setMany(keys: ArrayBufferView, ends: unknown, values: ArrayBufferView): number;
  removeMany(keys: ArrayBufferView, ends: unknown): number;
  scan(cursor: Float64Array, keys: ArrayBufferView, ends: unknown, values: ArrayBufferView): number;
  metrics(): number[];
  close(): void;
}

export interface NativeMapClass {
  new (handle: number, capacity: number, bytesMax: number): NativeMap;
  /** Maps of this process, of both kinds, that have a share. */
  mapCount(): number;
}

interface NativeAddon {
  U64Map: NativeMapClass;
  ByteMap: NativeMapClass;
  Reactor: new (
    options: ReactorOptions,
    onDelivery: DeliveryHandler,
    onTick: (nowMs: number) => void,
  ) => NativeReactor;
  EventQueue: {
    new (handle: number, capacity: number, recordBytes: number): NativeEventQueue;
    /** Queues of this process that have an end. */
    queueCount(): number;
  };
  /** Hands an error to `uncaughtException` and returns when its handlers have run. */
  fatalException(error: unknown): void;
  /** Bytes this process holds from malloc; undefined before glibc 2.33. */
  mallocBytesInUse(): number | undefined;
  machineTopology(): MachineTopology;
  reactorPlacement(workersPerNumaNode: number, enableNumaOptimization: boolean): NativePlacement;
}

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded on first use.
 * @throws TransportError `ERR_MSGTRANS_UNSUPPORTED_PLATFORM`, `ERR_MSGTRANS_ADDON_MISSING`
 */
export function nativeAddon(): NativeAddon {
  if (loaded) return loaded;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new TransportError(
      'ERR_MSGTRANS_UNSUPPORTED_PLATFORM',
      `msgtrans runs on Linux x64 and arm64 with glibc; this is ${process.platform} ${process.arch}`,
    );
  }
  // From the sources (`core/`) and from the build (`dist/core/`) alike: the package's root holds `native/`.
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json'))) {
    const parent = dirname(root);
    if (parent === root) break;
    root = parent;
  }
  const path = join(root, 'native', 'build', 'Release', 'msgtrans.node');
  try {
    loaded = createRequire(import.meta.url)(path) as NativeAddon;
  } catch (error) {
    throw new TransportError(
      'ERR_MSGTRANS_ADDON_MISSING',
      `the native addon could not be loaded from ${path}; build it with: npm run build`,
      { cause: error },
    );
  }
  return loaded;
}
