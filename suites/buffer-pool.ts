import { loopArms } from './harness/loop-arm.js';
import type { Suite } from './harness/suite.js';
import { atLeast, nanosecondsAtMost, timeAgainst } from './harness/targets.js';

const WARM_BYTES = 64 * 1024 * 1024;

/** Slices of the pool against malloc and free of the same size; the first line of each is written. */
export const bufferPool: Suite = {
  name: 'buffer-pool',
  title: 'Taking and giving back buffers, against malloc and free',
  cases: [
    ...[1024, 64 * 1024].map((bytes) => ({
      name: `own-thread/bytes=${bytes}`,
      parameters: { bytes },
      arms: loopArms('buffer-pool/own-thread', ['native', 'baseline']),
      targets: [nanosecondsAtMost(8), timeAgainst('baseline', 0.5)],
    })),
    {
      name: 'cross-thread/bytes=1024',
      parameters: { bytes: 1024 },
      arms: loopArms('buffer-pool/cross-thread', ['native', 'baseline']),
      targets: [nanosecondsAtMost(60)],
    },
    {
      name: 'hit-rate/bytes=1024',
      parameters: { bytes: 1024 },
      arms: loopArms('buffer-pool/hit-rate', ['native']),
      targets: [atLeast('pool_hit_rate', 0.999)],
    },
    {
      // One operation maps and warms all of it.
      name: `warm/bytes=${WARM_BYTES}`,
      parameters: { bytes: WARM_BYTES },
      arms: loopArms('buffer-pool/warm', ['native']),
      targets: [nanosecondsAtMost(100e6)],
    },
  ],
};
