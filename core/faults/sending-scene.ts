/** Sessions whose peers do not read, and payloads that show where they come from. */
import { until } from '../contract/connected-pair.js';
import { HighPerformanceTransport } from '../high-performance-transport.js';
import type { TransportOptions } from '../options.js';
import type { Reactor } from '../reactor.js';
import type { Listener, Session } from '../transport.js';
import { UnreadPeer } from './unread-peer.js';

export const MIB = 1024 * 1024;

const opened: AsyncDisposable[] = [];
/** Closes what a test has opened, after it. */
export async function closeScenes(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
}

/** Closed by {@link closeScenes}. */
export async function openTransport(options?: TransportOptions): Promise<HighPerformanceTransport> {
  const made = await HighPerformanceTransport.create(options);
  opened.push({ [Symbol.asyncDispose]: () => made.close({ drainTimeoutMs: 0 }) });
  return made;
}

export interface Scene {
  server: HighPerformanceTransport;
  listener: Listener;
  peers: UnreadPeer[];
}

/** A server and peers that do not read yet. */
export async function unreadScene(count = 1, options?: TransportOptions): Promise<Scene> {
  const server = await openTransport({ writeQueueBytesMax: 64 * MIB, ...options });
  const listener = await server.listen('tcp://127.0.0.1:0');
  const peers: UnreadPeer[] = [];
  for (let i = 0; i < count; i++) peers.push(await UnreadPeer.connect(server, listener));
  opened.push(...peers);
  return { server, listener, peers };
}

export function patterned(bytes: number, seed: number): Uint8Array {
  return fill(new Uint8Array(bytes), seed);
}

export function fill(bytes: Uint8Array, seed: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + seed * 17 + (i >>> 8)) & 0xff;
  return bytes;
}

export function isPatterned(bytes: Uint8Array, length: number, seed: number): boolean {
  return Buffer.compare(bytes, patterned(length, seed)) === 0;
}

/** More than the kernel takes from a session whose peer does not read. */
export function block(session: Session): void {
  for (let i = 0; i < 8; i++) session.send(new Uint8Array(MIB));
}

export async function packetsOf(peer: UnreadPeer, count: number): Promise<Uint8Array[]> {
  peer.read();
  await until(() => peer.packets.length === count);
  return peer.packets.map(({ payload }) => payload);
}

export function reactorOf(made: HighPerformanceTransport): Reactor {
  return (made as unknown as { reactor: Reactor }).reactor;
}

export function codeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

/** WebAssembly memory of so many pages, of 64 KB each. */
export function wasmMemory(pages: number): { readonly buffer: ArrayBuffer; grow(pages: number): number } {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (limits: { initial: number }) => ReturnType<typeof wasmMemory> };
  };
  return new WebAssembly.Memory({ initial: pages });
}
