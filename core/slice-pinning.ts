import {
  DEDICATED_BIT,
  LEND_BYTES_MIN,
  SLICE_ARENA_SHIFT,
  SLICE_LENT_BITS,
  SLICE_PIN_SHARE,
  SLICE_SEGMENT_BIT,
  SLICE_TIER_BYTES_0,
  SLICE_TIER_BYTES_1,
  SLICE_TIER_BYTES_2,
  SLICE_TIER_BYTES_3,
  SLICE_TIER_SHIFT,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';

const SLICE_TIER_BYTES = [SLICE_TIER_BYTES_0, SLICE_TIER_BYTES_1, SLICE_TIER_BYTES_2, SLICE_TIER_BYTES_3];

/** Whether a slice word names a slice of this reactor, and `length` bytes are enough of it to keep all of it. */
export function isWorthPinning(native: NativeReactor, sliceWord: number, length: number): boolean {
  if (sliceWord >>> SLICE_ARENA_SHIFT !== native.number || (sliceWord & SLICE_SEGMENT_BIT) !== 0)
    return false;
  const isDedicated = (sliceWord & DEDICATED_BIT) !== 0;
  const sliceBytes = isDedicated
    ? native.sliceBytes(sliceWord)
    : SLICE_TIER_BYTES[(sliceWord >>> SLICE_TIER_SHIFT) & 3];
  return length * SLICE_PIN_SHARE >= sliceBytes;
}

/**
 * Whether `length` bytes in the memory that a slice word names are better lent to another thread than copied for it:
 * enough of it, and not in a segment of somebody's outbound ring.
 */
export function isWorthLending(native: NativeReactor, sliceWord: number, length: number): boolean {
  if (length < LEND_BYTES_MIN) return false;
  if (!isLent(sliceWord) && (sliceWord & SLICE_SEGMENT_BIT) !== 0) return false;
  return length * SLICE_PIN_SHARE >= native.sliceBytes(sliceWord);
}

/** Whether a slice word names a packet that another thread has lent: its header does not lie in front of its payload. */
export function isLent(sliceWord: number): boolean {
  return (sliceWord & SLICE_LENT_BITS) === SLICE_LENT_BITS;
}
