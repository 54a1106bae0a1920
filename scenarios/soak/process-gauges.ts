import { readdirSync } from 'node:fs';
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeAddon } from '../../core/native-addon.js';

/** Gauges of this process, for the leak rule and the timeline; see `gauge-catalogue.ts`. */
export type Gauges = Record<string, number | null>;

const DELAY_RESOLUTION_MS = 10;

export class ProcessGauges {
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  #longestPauseNs = 0;

  constructor() {
    this.#delay.enable();
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { flags } = (entry as unknown as { detail: { flags: number } }).detail;
        // Those that we force to see the troughs are none of the server's.
        if ((flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) continue;
        this.#longestPauseNs = Math.max(this.#longestPauseNs, entry.duration * 1e6);
      }
    }).observe({ entryTypes: ['gc'] });
  }

  /**
   * Delay and pauses since the last call, then memory after a full collection: a trough. Needs `--expose-gc`; without,
   * memory is that of the moment.
   */
  async sample(): Promise<Gauges> {
    const delays = {
      loopDelayP99Ns: this.#delay.count > 0 ? this.#delay.percentile(99) : null,
      loopDelayMaxNs: this.#delay.count > 0 ? this.#delay.max : null,
      gcPauseNs: this.#longestPauseNs,
    };
    await collect();
    const memory = process.memoryUsage();
    this.#longestPauseNs = 0;
    this.#delay.reset();
    return {
      ...delays,
      heapUsedBytes: memory.heapUsed,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      rssBytes: memory.rss,
      mallocBytes: nativeAddon().mallocBytesInUse() ?? null,
      // One of them is the folder that is being read.
      descriptors: readdirSync('/proc/self/fd').length - 1,
    };
  }
}

async function collect(): Promise<void> {
  globalThis.gc?.();
  // Finalizers run between the collections, and let go of what a second one finds.
  await sleep(2 * DELAY_RESOLUTION_MS);
  globalThis.gc?.();
  await sleep(2 * DELAY_RESOLUTION_MS);
}
