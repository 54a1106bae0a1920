import { readMachine } from '../scenarios/harness/machine.js';
import { loopArms } from './harness/loop-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';

/** Larger than the caches, so that memory is what answers. */
const SLAB_BYTES = 64 * 1024 * 1024;

/** A thread on one node and memory on another: every pair there is. Nodes count from 0. */
function pairCases(): SuiteCase[] {
  const nodes = Array.from({ length: readMachine(0).numaNodes }, (_, node) => node);
  return ['pair-pointer-chase', 'pair-stream-read', 'pair-stream-write'].flatMap((work) =>
    nodes.flatMap((cpu) =>
      nodes.map((memory) => ({
        name: `${work}/cpu_node=${cpu},memory_node=${memory}`,
        parameters: { bytes: SLAB_BYTES, cpu_node: cpu, memory_node: memory },
        arms: loopArms(`numa/${work}`, ['native']),
      })),
    ),
  );
}

/** What memory and partners on the same node are worth; on a machine of one node only that node can be measured. */
export const numa: Suite = {
  name: 'numa',
  title: 'Slabs and rings on their own NUMA node, against the farthest one',
  cases: [
    ...['slab-read', 'pointer-chase', 'stream-read', 'stream-write'].map((work) => ({
      name: work,
      parameters: { bytes: SLAB_BYTES },
      arms: loopArms(`numa/${work}`, ['native', 'baseline']),
    })),
    {
      name: 'ring-handoff/batch=16',
      parameters: { batch: 16 },
      arms: loopArms('numa/ring-handoff', ['native', 'baseline']),
    },
    {
      // Two threads on one node, against wherever the kernel puts them.
      name: 'ring-ping-pong',
      parameters: {},
      arms: loopArms('numa/ring-ping-pong', ['native', 'baseline']),
    },
    ...pairCases(),
  ],
};
