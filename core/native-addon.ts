/**
 * Finds and types the native addon. Everything it exports is internal: arguments are trusted, and the checks are
 * those of `core`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TransportError } from './errors.js';

export interface ReactorOptions {
  initialSessionCapacity: number;
  payloadBytesMax: number;
  extHeaderBytesMax: number;
  stallTimeoutMs: number;
  lingerTimeoutMs: number;
  bufferBytesMax: number;
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
  readonly arena: ArrayBuffer;
  readonly descriptorOffset: number;
  readonly eventOffset: number;
  readonly ringOffset: number;
  /** A port of -1 marks a unix path. */
  listen(host: string, port: number, backlog: number): Opened;
  closeListener(id: number): void;
  connect(host: string, port: number): Opened;
  cancelConnect(id: number): void;
  flush(): void;
  sendDirect(
    slot: number,
    generation: number,
    header: Uint8Array,
    extHeader: Uint8Array,
    payload: Uint8Array,
  ): boolean;
  closeSession(slot: number, generation: number, code: number, flush: boolean): boolean;
  closeAll(code: number, flush: boolean): void;
  setPaused(slot: number, generation: number, paused: boolean): void;
  peerUrl(slot: number, generation: number): string;
  slotSegment(index: number): ArrayBuffer | undefined;
  setDeadlines(any: boolean): void;
  nowMs(): number;
  expose(slice: number, offset: number, bytes: number): ArrayBuffer;
  /** [offset of the slice's first byte in the arena, 0 when dedicated; bytes read into it] */
  sliceExtent(slice: number): [start: number, filled: number];
  sliceBytes(slice: number): number;
  retain(slice: number, offset: number, bytes: number): number;
  retainedBuffer(handle: number): ArrayBuffer;
  release(handle: number): void;
  counters(): Record<string, number>;
  destroy(): void;
}

interface NativeAddon {
  Reactor: new (
    options: ReactorOptions,
    onDelivery: DeliveryHandler,
    onTick: (nowMs: number) => void,
  ) => NativeReactor;
  /** Hands an error to `uncaughtException` and returns when its handlers have run. */
  fatalException(error: unknown): void;
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
