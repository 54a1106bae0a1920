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
  /** False where it was not built; its tests are skipped then, but never under CI=true, where they fail. */
  readonly isAvailable: boolean;
  create(options?: ContractOptions): Promise<Transport>;
}

const NATIVE_ADDON = new URL('../../native/build/Release/msgtrans.node', import.meta.url);
const NATIVE_TRANSPORT = new URL('../high-performance-transport.ts', import.meta.url);

async function createNative(options?: ContractOptions): Promise<Transport> {
  // Resolved when used, so that the other rows can be tested where the addon was not built.
  const { HighPerformanceTransport } = (await import(NATIVE_TRANSPORT.href)) as {
    HighPerformanceTransport: { create(options?: ContractOptions): Promise<Transport> };
  };
  return HighPerformanceTransport.create(options);
}

export const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'baseline', isAvailable: true, create: (options) => BaselineTransport.create(options) },
  {
    name: 'native',
    isAvailable: process.env.CI === 'true' || (existsSync(NATIVE_ADDON) && existsSync(NATIVE_TRANSPORT)),
    create: createNative,
  },
];
