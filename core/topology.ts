import { TransportError } from './errors.js';
import { nativeAddon } from './native-addon.js';

/** CPUs and the memory next to them. */
export interface NumaNode {
  /** The kernel's number; numbers may have holes. */
  readonly node: number;
  /** CPUs that are online, rising. Empty for memory on its own. */
  readonly cpus: readonly number[];
  /** 0 for CPUs without memory of their own, or where the kernel does not tell. */
  readonly memoryBytes: number;
  /** To each entry of {@link MachineTopology.nodes}, in that order; 10 is the node itself, 20 twice as far. */
  readonly distances: readonly number[];
}

/** A file that was not believed; what it concerns fell back to the plain answer (one node, no quota). */
export interface TopologyProblem {
  /** It cannot be read, is not what the kernel writes there, or denies what another file says. */
  readonly fault: 'unreadable' | 'malformed' | 'contradictory';
  readonly path: string;
  /** What the file says, or what is contradictory about it; at most 256 bytes. */
  readonly content: string;
  /** Error number of the operating system for `unreadable`, otherwise 0. */
  readonly errno: number;
}

/** The machine, and what affinity and cgroups leave of it to this process. */
export interface MachineTopology {
  /** Rising by number; at least one. */
  readonly nodes: readonly NumaNode[];
  /** Every CPU that is online, grouped by physical core: the members of a group are its hardware threads. */
  readonly smtSiblings: readonly (readonly number[])[];
  /** Where this process may run, rising: its affinity within its cgroup's cpuset. Never empty. */
  readonly allowedCpus: readonly number[];
  /** Nodes that its memory may come from, rising. Empty where the kernel tells nothing about memory. */
  readonly allowedMemoryNodes: readonly number[];
  /** CPU seconds a second that the cgroup and its ancestors grant (1.5 is one and a half CPUs); null without a limit. */
  readonly cpuQuota: number | null;
  readonly problems: readonly TopologyProblem[];
}

/** Where a native thread belongs; see the rules in `native/topology/reactor_placement.h`. */
export interface ThreadPlace {
  readonly node: number;
  /** Left to the scheduler, kept within its node, or pinned to one CPU. */
  readonly confinement: 'none' | 'node' | 'cpu';
  /** Where it may run; empty without confinement. */
  readonly cpus: readonly number[];
  /** Whose memory it asks for where its own node has none; otherwise null. */
  readonly memoryNode: number | null;
}

export interface ReactorPlacement {
  readonly reactors: readonly ThreadPlace[];
  /** One for each node that this process may run on. */
  readonly helpers: readonly ThreadPlace[];
}

/** What the addon answers; without `reactors` and `helpers` it refuses. */
export interface NativePlacement extends Partial<ReactorPlacement> {
  readonly reactorsRequested: number;
  readonly nodesUsable: number;
}

/** A process has 256 reactors at most, and one of them is that of the JavaScript thread. */
const OWN_THREAD_REACTORS_MAX = 255;

/**
 * Reads the machine from `/sys`, `/proc` and the cgroups of this process, as they are at this moment. It takes some
 * system calls for each CPU: call it at start-up and keep the result. Any thread may call it; the affinity is that of
 * the process, not of the calling Worker.
 *
 * Never fails for what the machine says: files that are missing or make no sense fall back to one node of the allowed
 * CPUs, and {@link MachineTopology.problems} names them.
 *
 * @throws TransportError `ERR_MSGTRANS_UNSUPPORTED_PLATFORM`, `ERR_MSGTRANS_ADDON_MISSING`
 */
export function machineTopology(): MachineTopology {
  return nativeAddon().machineTopology();
}

/**
 * Where the own-thread reactors and their helper threads go on this machine, leaving a core to the calling thread.
 *
 * @param workersPerNumaNode reactors for each node that this process may run on; a whole number, 0 for none
 * @param enableNumaOptimization whether threads may be pinned at all
 * @throws TransportError `ERR_MSGTRANS_INVALID_OPTION` when that makes more reactors than a process can have
 */
export function reactorPlacement(
  workersPerNumaNode: number,
  enableNumaOptimization: boolean,
): ReactorPlacement {
  const placement = nativeAddon().reactorPlacement(workersPerNumaNode, enableNumaOptimization);
  const { reactors, helpers, reactorsRequested, nodesUsable } = placement;
  if (reactors && helpers) return { reactors, helpers };
  const most = Math.floor(OWN_THREAD_REACTORS_MAX / nodesUsable);
  throw new TransportError(
    'ERR_MSGTRANS_INVALID_OPTION',
    `workersPerNumaNode: ${workersPerNumaNode} on ${nodesUsable} NUMA node(s) makes ${reactorsRequested} reactors, ` +
      `and a process has ${OWN_THREAD_REACTORS_MAX} at most; give ${most} or fewer`,
  );
}
