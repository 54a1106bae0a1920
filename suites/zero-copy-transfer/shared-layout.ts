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
/** As long as the threads of `mem://` look for news in this suite. */
const SPIN_MS = 0.2;
/** A look at the clock serves so many looks at a cell. */
const LOOKS_PER_CLOCK = 32;

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

/** Blocks until the cell holds something else: looks for a while, and then sleeps. False when nothing came for `msMax`. */
export function waitWhile(cells: Int32Array, cell: number, value: number, msMax: number): boolean {
  const spinEndMs = performance.now() + SPIN_MS;
  do {
    for (let look = 0; look < LOOKS_PER_CLOCK; look++) {
      if (Atomics.load(cells, cell) !== value) return true;
    }
  } while (performance.now() < spinEndMs);
  return Atomics.wait(cells, cell, value, msMax) !== 'timed-out';
}
