import type { Message } from '../../core/index.js';
import type { PlantName } from '../harness/options.js';

/** Leaks of about 1 KB a second, planted to see that the leak rule finds each and names it by its gauge. */
export const PLANT_BYTES_PER_SECOND = 1024;
const TICK_MS = 250;
/** Large enough that what JavaScript needs to remember a block stays far below the rule's 256 bytes a second. */
const NATIVE_BLOCK_BYTES = 32 * 1024;
/** A received message is pinned where it fills an eighth of the 64 KB that sockets are read into. */
const PINNED_BYTES_MIN = 8 * 1024;

/** `js`: an array that grows in the heap. `native`: blocks of malloc that stay. `slice`: see {@link SlicePlant}. */
export function plantMemory(name: Exclude<PlantName, 'slice'>, bytesPerSecond: number): void {
  const kept: unknown[] = [];
  let owedBytes = 0;
  setInterval(() => {
    owedBytes += (bytesPerSecond * TICK_MS) / 1000;
    if (name === 'js') {
      // Eight bytes each; numbers beyond 31 bits, so that the array keeps doubles.
      const words = Math.floor(owedBytes / 8);
      kept.push(Array.from({ length: words }, (_, index) => index + 0.5));
      owedBytes -= words * 8;
    }
    for (; name === 'native' && owedBytes >= NATIVE_BLOCK_BYTES; owedBytes -= NATIVE_BLOCK_BYTES) {
      kept.push(Buffer.allocUnsafeSlow(NATIVE_BLOCK_BYTES).fill(1));
    }
  }, TICK_MS);
}

/** Retains a large received message now and then, and never releases it. */
export class SlicePlant {
  readonly #kept: unknown[] = [];
  readonly #bytesPerSecond: number;
  readonly #startMs = performance.now();
  #retainedBytes = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Told of every message that is large enough; keeps one when one is due. */
  offer(message: Message): void {
    if (message.length < PINNED_BYTES_MIN) return;
    const dueBytes = ((performance.now() - this.#startMs) / 1000) * this.#bytesPerSecond;
    if (this.#retainedBytes + PINNED_BYTES_MIN > dueBytes) return;
    this.#retainedBytes += PINNED_BYTES_MIN;
    this.#kept.push(message.retain());
  }
}
