/** The SharedArrayBuffer between two threads: control words, each in a cache line of its own, and slots for payloads behind them. */

/** Payloads written, and payloads read; both wrap. */
export const CELL_WRITTEN = 0;
export const CELL_READ = 16;
/** Set to 1 for the reader to end. */
export const CELL_END = 32;
/** Faults that the reader has found. */
export const CELL_FAULTS = 48;
export const CONTROL_BYTES = 256;
const SLOTS_BYTES = 2 * 1024 * 1024;

/** A power of two, so that a wrapping count names a slot. */
export function slotCount(bytes: number): number {
  return Math.max(2, SLOTS_BYTES / bytes);
}

export function slotsOf(shared: SharedArrayBuffer, bytes: number): Uint8Array[] {
  return Array.from(
    { length: slotCount(bytes) },
    (_, slot) => new Uint8Array(shared, CONTROL_BYTES + slot * bytes, bytes),
  );
}
