import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/** Getting at 64 received bytes: by a view on them, or by a copy. Every arm has a loop of its own. */

const PAYLOAD_BYTES = 64;
const SLAB_BYTES = 64 * 1024;
const SLOTS = SLAB_BYTES / PAYLOAD_BYTES;

const expected = (operations: number): number => operations * PAYLOAD_BYTES;

export const viewArms: readonly SuiteArm[] = [
  scriptArm('subarray', () => {
    const slab = new Uint8Array(SLAB_BYTES);
    return {
      expected,
      loop(operations) {
        let bytes = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % SLOTS) * PAYLOAD_BYTES;
          bytes += slab.subarray(at, at + PAYLOAD_BYTES).length;
        }
        return bytes;
      },
    };
  }),
  scriptArm('buffer-subarray', () => {
    const slab = Buffer.alloc(SLAB_BYTES);
    return {
      expected,
      loop(operations) {
        let bytes = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % SLOTS) * PAYLOAD_BYTES;
          bytes += slab.subarray(at, at + PAYLOAD_BYTES).length;
        }
        return bytes;
      },
    };
  }),
  scriptArm('slice-copy', () => {
    const slab = new Uint8Array(SLAB_BYTES);
    return {
      expected,
      loop(operations) {
        let bytes = 0;
        for (let index = 0; index < operations; index++) {
          const at = (index % SLOTS) * PAYLOAD_BYTES;
          bytes += slab.slice(at, at + PAYLOAD_BYTES).length;
        }
        return bytes;
      },
    };
  }),
];
