import { loopsAddon } from '../harness/loop-arm.js';
import { scriptArm } from '../harness/script-arm.js';
import type { SuiteArm } from '../harness/suite.js';

/** Ways from JavaScript into C++ and back, each crossing once per operation. */

const COPIED_BYTES = 64;

export const crossingArms: readonly SuiteArm[] = [
  scriptArm('no-arguments', () => {
    const { noArguments } = loopsAddon();
    return {
      loop(operations) {
        for (let index = 0; index < operations; index++) noArguments();
        return operations;
      },
    };
  }),
  scriptArm('two-integers', () => {
    const { twoIntegers } = loopsAddon();
    return {
      loop(operations) {
        let sum = 0;
        for (let index = 0; index < operations; index++) sum = twoIntegers(sum & 0xffff, 1);
        return sum;
      },
      expected: (operations) => sumOfSteps(operations),
    };
  }),
  scriptArm('copy-64-bytes', () => {
    const { copyBytes } = loopsAddon();
    const bytes = new Uint8Array(COPIED_BYTES).fill(7);
    return {
      loop(operations) {
        for (let index = 0; index < operations; index++) copyBytes(bytes);
        return operations;
      },
    };
  }),
  scriptArm('into-javascript', () => {
    const { callBack } = loopsAddon();
    let called = 0;
    const handler = (): void => {
      called += 1;
    };
    return {
      loop(operations) {
        called = 0;
        callBack(handler, operations);
        return called;
      },
      expected: (operations) => operations,
    };
  }),
];

/** What `sum = (sum & 0xffff) + 1`, begun at 0, gives. */
function sumOfSteps(steps: number): number {
  return steps === 0 ? 0 : ((steps - 1) % 0x1_0000) + 1;
}

/** A view on 64 KB of native memory that ends with the turn: exposed, looked into and detached, or copied. */
export const exposingArms: readonly SuiteArm[] = [
  scriptArm('native', () => {
    const { expose, detach } = loopsAddon();
    return {
      loop(operations) {
        let bytes = 0;
        for (let index = 0; index < operations; index++) {
          const buffer = expose();
          bytes += new Uint8Array(buffer).length;
          detach(buffer);
        }
        return bytes / 65_536;
      },
      expected: (operations) => operations,
    };
  }),
  scriptArm('copied', () => {
    const { expose } = loopsAddon();
    const source = new Uint8Array(expose());
    return {
      loop(operations) {
        let bytes = 0;
        for (let index = 0; index < operations; index++) bytes += source.slice().length;
        return bytes / 65_536;
      },
      expected: (operations) => operations,
    };
  }),
];
