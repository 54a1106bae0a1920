import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TransportError } from './errors.js';
import { type MachineTopology, machineTopology, reactorPlacement } from './topology.js';

const addonPath = fileURLToPath(new URL('../native/build/Release/msgtrans.node', import.meta.url));

/** "0-3,8" as numbers. */
function numbersOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [low = 0, high = low] = range.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}

/** A line of /proc/self/status, which the kernel makes by another way than what the topology is read from. */
function statusList(name: string): number[] {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s*(\\S+)$`, 'm'));
  return numbersOf(line?.[1] ?? '');
}

/** Rows of `lscpu`: CPU, core, node. Undefined where there is no lscpu. */
function lscpuRows(): number[][] | undefined {
  const lscpu = spawnSync('lscpu', ['--parse=CPU,CORE,NODE'], { encoding: 'utf8' });
  if (lscpu.error || lscpu.status !== 0) return undefined;
  const rows = lscpu.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return rows.map((row) => row.split(',').map(Number));
}

describe('machineTopology', () => {
  const topology = machineTopology();

  it('allows the CPUs that the kernel allows', () => {
    expect(topology.allowedCpus).toEqual(statusList('Cpus_allowed_list'));
    // libuv counts the same affinity, and newer ones cap the count by the quota.
    expect(topology.allowedCpus.length).toBeGreaterThanOrEqual(availableParallelism());
  });

  it('allows memory of no node that the kernel does not allow', () => {
    const allowed = statusList('Mems_allowed_list');
    expect(allowed).toEqual(expect.arrayContaining([...topology.allowedMemoryNodes]));
  });

  it('has every allowed CPU in one node and every CPU in one core', () => {
    const inNodes = topology.nodes.flatMap((node) => node.cpus).sort((left, right) => left - right);
    expect(new Set(inNodes).size).toBe(inNodes.length);
    expect(inNodes).toEqual(expect.arrayContaining([...topology.allowedCpus]));
    expect(topology.smtSiblings.flat().sort((left, right) => left - right)).toEqual(inNodes);
    for (const node of topology.nodes) expect(node.distances).toHaveLength(topology.nodes.length);
  });

  it('agrees with lscpu', (context) => {
    const rows = lscpuRows();
    if (!rows || topology.problems.length > 0) return context.skip();
    for (const [cpu, core, node] of rows) {
      // An empty column is what lscpu writes where the kernel names no node.
      const home = topology.nodes.find((candidate) => candidate.cpus.includes(cpu!));
      expect(home?.node, `node of CPU ${cpu}`).toBe(Number.isNaN(node) ? 0 : node);
      const together = rows.filter((row) => row[1] === core).map((row) => row[0]);
      expect(
        topology.smtSiblings.find((group) => group.includes(cpu!)),
        `core of CPU ${cpu}`,
      ).toEqual(together);
    }
  });

  it('follows the affinity that the process was started with', (context) => {
    const cpu = topology.allowedCpus.at(-1)!;
    const script = `console.log(JSON.stringify(require(${JSON.stringify(addonPath)}).machineTopology()))`;
    const child = spawnSync('taskset', ['-c', String(cpu), process.execPath, '-e', script], {
      encoding: 'utf8',
    });
    if (child.error) return context.skip();
    expect(child.stderr).toBe('');
    const seen = JSON.parse(child.stdout) as MachineTopology;
    expect(seen.allowedCpus).toEqual([cpu]);
    expect(seen.nodes).toEqual(topology.nodes);
  });
});

describe('reactorPlacement', () => {
  const topology = machineTopology();
  const usableNodes = topology.nodes.filter((node) =>
    node.cpus.some((cpu) => topology.allowedCpus.includes(cpu)),
  );

  it('places so many reactors on each node and never one CPU twice', () => {
    for (const workers of [0, 1, 2, 5]) {
      const { reactors, helpers } = reactorPlacement(workers, true);
      expect(reactors).toHaveLength(workers * usableNodes.length);
      expect(helpers.map((place) => place.node)).toEqual(usableNodes.map((node) => node.node));
      const pinned = reactors.filter((place) => place.confinement === 'cpu').flatMap((place) => place.cpus);
      expect(new Set(pinned).size).toBe(pinned.length);
      expect(topology.allowedCpus).toEqual(expect.arrayContaining(pinned));
    }
  });

  it('pins where there is a core to spare, and nowhere when the option is off', () => {
    const [first] = reactorPlacement(1, true).reactors;
    expect(first?.confinement).toBe(topology.allowedCpus.length > 1 ? 'cpu' : 'none');
    for (const place of reactorPlacement(3, false).reactors) {
      expect(place).toMatchObject({ confinement: 'none', cpus: [], memoryNode: null });
    }
  });

  it('refuses more reactors than a process can have, and says how many it can', () => {
    const most = Math.floor(255 / usableNodes.length);
    expect(reactorPlacement(most, true).reactors).toHaveLength(most * usableNodes.length);
    try {
      reactorPlacement(most + 1, true);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TransportError);
      expect((error as TransportError).code).toBe('ERR_MSGTRANS_INVALID_OPTION');
      expect((error as TransportError).message).toContain(`give ${most} or fewer`);
    }
  });
});
