import {
  DEDICATED_BIT,
  SLICE_ARENA_SHIFT,
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
