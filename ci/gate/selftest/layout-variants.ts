import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import type { BuildCache, BuildSource } from '../base-build/build-cache.js';
import { ADDON } from '../base-build/runtime-files.js';
import { buildKey } from '../base-build/toolchain-key.js';
import { relinkAddon } from './relink-addon.js';

/** A copy of the build that only lies otherwise in memory. */
export interface LayoutVariant {
  rootDir: string;
  /** By how much its path is longer than the base's. */
  pathBytes: number;
  /** Of the order in which its objects were linked. */
  linkSeed: number;
}

/** Each costs a second of linking and a few megabytes. */
const VARIANTS = 6;
const PATH_BYTES_MAX = 48;

/**
 * Copies of the build in `rootDir` in the cache, each under a path of another length and with the addon linked in another
 * order.
 * @throws SelftestError, InterruptedError
 */
export async function prepareVariants(
  rootDir: string,
  cache: BuildCache,
  source: BuildSource,
  seed: number,
  signal: AbortSignal,
): Promise<LayoutVariant[]> {
  const work = mkdtempSync(join(tmpdir(), 'msgtrans-relink-'));
  try {
    return await cache.locked('making builds of other layouts', signal, async () => {
      const variants: LayoutVariant[] = [];
      for (let number = 0; number < VARIANTS; number++) {
        const random = createRandom(seed).fork(`variant ${number}`);
        const pathBytes = random.below(PATH_BYTES_MAX);
        const linkSeed = random.below(2 ** 32);
        const addon = join(work, `${number}.node`);
        await relinkAddon(rootDir, addon, createRandom(linkSeed), signal);
        // A folder that another run made of the same length is replaced; the cache lets go of the others in time.
        const key = `${buildKey(`layout ${number}`, source.toolchain)}${'p'.repeat(pathBytes)}`;
        const build = cache.store(key, rootDir, source);
        copyFileSync(addon, join(build.rootDir, ADDON));
        variants.push({ rootDir: build.rootDir, pathBytes, linkSeed });
      }
      return variants;
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
