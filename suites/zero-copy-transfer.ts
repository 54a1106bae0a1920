import { loopArm } from './harness/loop-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';
import { HAND_OVER_BYTES_MIN, memArm } from './zero-copy-transfer/mem.js';
import { postMessageArm } from './zero-copy-transfer/post-message.js';
import { sharedArm } from './zero-copy-transfer/shared.js';

const KIB = 1024;
/** From here on what came over `mem://` is passed on as it lies. */
const PASS_ON_BYTES_MIN = 128 * KIB;

/** What the engine counts must be 0 where the memory itself is handed over. */
const handedOver = memArm('native', {
  way: 'one-way',
  copies: false,
  claimsZeroCopies: (bytes) => bytes >= HAND_OVER_BYTES_MIN,
});

/**
 * From one thread to another. With `touch=0` a number in the first word is written and read, so that what is measured is
 * the handing over; with `touch=1` every word is, and only that is worth bytes per second.
 */
function handOver(bytes: number, touch: 0 | 1): SuiteCase {
  return {
    name: `hand-over/bytes=${bytes},touch=${touch}`,
    parameters: { bytes, touch },
    ...(touch === 1 ? { bytesPerOperation: bytes } : {}),
    arms: [
      handedOver,
      memArm('native:copied', { way: 'one-way', copies: true, claimsZeroCopies: () => false }),
      postMessageArm('baseline', { way: 'one-way', transfers: false }),
      postMessageArm('rival:transfer', { way: 'one-way', transfers: true }),
      sharedArm('rival:shared-copy', { copies: true }),
      sharedArm('rival:shared-in-place', { copies: false }),
      loopArm('zero-copy-transfer/hand-over', 'rival:memcpy'),
    ],
  };
}

/** There, and passed on to where it came from as it was received; four are under way at once. */
function passOn(bytes: number): SuiteCase {
  return {
    name: `pass-on/bytes=${bytes}`,
    parameters: { bytes, touch: 0 },
    arms: [
      memArm('native', {
        way: 'there-and-back',
        copies: false,
        claimsZeroCopies: (payloadBytes) => payloadBytes >= PASS_ON_BYTES_MIN,
      }),
      memArm('native:copied', { way: 'there-and-back', copies: true, claimsZeroCopies: () => false }),
      postMessageArm('baseline', { way: 'there-and-back', transfers: false }),
      postMessageArm('rival:transfer', { way: 'there-and-back', transfers: true }),
    ],
  };
}

/** What a payload costs to get to another thread: handed over, copied, cloned, transferred. */
export const zeroCopyTransfer: Suite = {
  name: 'zero-copy-transfer',
  title: 'Payloads from thread to thread: handed over, against copies, clones and transfer lists',
  cases: [
    ...[KIB, 8 * KIB, 64 * KIB, KIB * KIB].flatMap((bytes) => [handOver(bytes, 0), handOver(bytes, 1)]),
    passOn(64 * KIB),
    passOn(KIB * KIB),
  ],
};
