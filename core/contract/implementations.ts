/** The implementations that the contract tests are run against, one row each. */
import { existsSync } from 'node:fs';
import { BaselineTransport } from '../baseline/baseline-transport.js';
import type { Transport } from '../transport.js';

/** The options that every implementation has, under the same names. */
export interface ContractOptions {
  payloadBytesMax?: number;
  extHeaderBytesMax?: number;
  requestTimeoutMs?: number;
  writeQueueHighWatermarkBytes?: number;
  writeQueueBytesMax?: number;
  inboundBytesMax?: number;
  pendingRequestsMax?: number;
}

export interface Implementation {
  readonly name: string;
  /** What carries the messages, for the names of tests. */
  readonly medium: 'real sockets' | 'memory of the process';
  /** False: there is no raw peer to write bytes, and no port. */
  readonly hasSockets: boolean;
  /** True: a reset ends a session at once, also one whose socket is paused because nobody takes its packets. */
  readonly hearsResetWhilePaused: boolean;
  /** Listening there always works, and the listener says where it is. */
  readonly anyUrl: string;
  /** False where it was not built; its tests are skipped then, but never under CI=true, where they fail. */
  readonly isAvailable: boolean;
  create(options?: ContractOptions): Promise<Transport>;
}

const NATIVE_ADDON = new URL('../../native/build/Release/msgtrans.node', import.meta.url);
const NATIVE_TRANSPORT = new URL('../high-performance-transport.ts', import.meta.url);

async function createNative(options?: ContractOptions, workersPerNumaNode = 0): Promise<Transport> {
  // Resolved when used, so that the other rows can be tested where the addon was not built.
  const { HighPerformanceTransport } = (await import(NATIVE_TRANSPORT.href)) as {
    HighPerformanceTransport: {
      create(options?: ContractOptions & { workersPerNumaNode: number }): Promise<Transport>;
    };
  };
  return HighPerformanceTransport.create({ ...options, workersPerNumaNode });
}

const OVER_SOCKETS = {
  medium: 'real sockets',
  hasSockets: true,
  anyUrl: 'tcp://127.0.0.1:0',
  hearsResetWhilePaused: true,
} as const;
const IN_PROCESS = {
  medium: 'memory of the process',
  hasSockets: false,
  anyUrl: 'mem://',
  hearsResetWhilePaused: false,
} as const;

const NATIVE = {
  name: 'native',
  isAvailable: process.env.CI === 'true' || (existsSync(NATIVE_ADDON) && existsSync(NATIVE_TRANSPORT)),
  create: (options?: ContractOptions) => createNative(options),
} as const;

/** Tests that need bytes from outside, or a port, take those of them that have sockets. */
export const IMPLEMENTATIONS: readonly Implementation[] = [
  {
    name: 'baseline',
    isAvailable: true,
    create: (options) => BaselineTransport.create(options),
    ...OVER_SOCKETS,
    // libuv does not poll a paused socket: `node:net` hears of the reset when it reads or writes again.
    hearsResetWhilePaused: false,
  },
  { ...NATIVE, ...OVER_SOCKETS },
  ...[1, 2].map((threads) => ({
    ...NATIVE,
    name: `native on ${threads} own thread${threads === 1 ? '' : 's'}`,
    create: (options?: ContractOptions) => createNative(options, threads),
    ...OVER_SOCKETS,
  })),
  { ...NATIVE, ...IN_PROCESS },
];

/** `it` for tests of what only sockets have; elsewhere there is no such test, rather than one that is left out. */
export function ofSockets({ hasSockets }: Implementation, it: RegisterTest): RegisterTest {
  return hasSockets ? it : () => undefined;
}

/** The same for tests of resets that come while nobody reads or writes. */
export function ofHearing({ hearsResetWhilePaused }: Implementation, it: RegisterTest): RegisterTest {
  return hearsResetWhilePaused ? it : () => undefined;
}

type RegisterTest = (name: string, test: () => Promise<void>) => void;
