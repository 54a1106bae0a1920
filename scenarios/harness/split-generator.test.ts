import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS } from './case-parameters.js';
import type {
  GeneratorWindow,
  GroupLedger,
  GroupWindow,
  LoadGenerator,
  LoadTarget,
} from './load-generator.js';
import { SplitGenerator } from './split-generator.js';

const MS = 1e6;

/** A generator whose clock is the test's: it has its sessions under load `fillNs` after it was told to begin. */
class ScriptedGenerator implements LoadGenerator {
  readonly calls: unknown[][] = [];
  readonly asked: GroupWindow[] = [];
  running = true;
  #measured = 0;

  constructor(
    readonly clock: { nowNs: number },
    public fillNs: number,
    readonly perWindow: Partial<GeneratorWindow> = {},
    readonly failure?: Error,
  ) {}

  async connect(
    group: string,
    targets: readonly LoadTarget[],
    sessions: number,
    seed: number,
  ): Promise<void> {
    this.calls.push(['connect', group, targets.map((each) => each.pid), sessions, seed]);
    if (this.failure !== undefined) throw this.failure;
  }
  async run(windows: readonly GroupWindow[]): Promise<GeneratorWindow[]> {
    this.asked.push(...windows);
    return windows.map(({ group, discardNs, measureNs, measureAtNs = 0 }) => {
      const readyNs = this.clock.nowNs + this.fillNs + discardNs;
      const startNs = Math.max(readyNs, measureAtNs);
      this.#measured += 1;
      return {
        ...{ group, startNs, endNs: startNs + measureNs, readyNs, operations: 100, bytes: 6_400 },
        ...{ serverCpuNs: 10, generatorCpuNs: 5, latencyNs: null },
        ...this.perWindow,
      };
    });
  }
  async histograms() {
    const measured = this.#measured;
    this.#measured = 0;
    return {
      serviceTimeNs: measured === 0 ? [] : ([[1_000, measured]] as [number, number][]),
      responseTimeNs: null,
    };
  }
  async ledger(): Promise<GroupLedger> {
    const { length } = this.calls;
    return {
      ledger: {
        ...{ sent: 10, delivered: 9, droppedCounted: 0, unacknowledgedAtClose: 0 },
        ...{ lost: 1, duplicated: 2, reordered: 3, corrupted: 4 },
      },
      ...{ killedSessions: 2, unacknowledgedOnKilled: 5 },
      sentPerSessionMin: length,
    };
  }
  async disconnect(group: string): Promise<void> {
    this.calls.push(['disconnect', group]);
  }
}

function split(fillsNs: number[], perWindow: Partial<GeneratorWindow>[] = []) {
  const clock = { nowNs: 1e12 };
  const parts = fillsNs.map((fillNs, index) => new ScriptedGenerator(clock, fillNs, perWindow[index]));
  return { parts, generator: new SplitGenerator(parts, () => clock.nowNs) };
}

const target = (pid: number): LoadTarget => ({ url: `tcp://127.0.0.1:${pid}`, pid, sourceAddresses: [] });
const WINDOW: GroupWindow = { group: 'g', discardNs: 5 * MS, measureNs: 50 * MS };

describe('several generators as one', () => {
  it('deals sessions and servers out, with seeds of their own', async () => {
    const { parts, generator } = split([0, 0, 0, 0]);
    await generator.connect('g', [target(1), target(2)], 10, 7);
    expect(parts.map((part) => part.calls[0].slice(2, 4))).toEqual([
      [[1], 3],
      [[2], 3],
      [[1], 2],
      [[2], 2],
    ]);
    const seeds = parts.map((part) => part.calls[0][4] as number);
    expect(new Set(seeds).size).toBe(4);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
  });

  it('adds windows up, and counts the processor of a server once however many generators it has', async () => {
    const { parts, generator } = split([0, 0, 0, 0], [{ generatorCpuNs: 9 }]);
    await generator.connect('g', [target(1), target(2)], 8, 7);
    const [window] = await generator.run([WINDOW], BUILT_IN_DEFAULTS);
    expect(window).toMatchObject({ operations: 400, bytes: 25_600, serverCpuNs: 20, generatorCpuNs: 9 });
    expect(window.endNs - window.startNs).toBe(50 * MS);
    expect(parts.every((part) => part.asked[0].measureAtNs === parts[0].asked[0].measureAtNs)).toBe(true);
  });

  it('measures again when one was not ready, later the next time, and leaves no trace of the first', async () => {
    const { parts, generator } = split([0, 300 * MS]);
    await generator.connect('g', [target(1)], 8, 7);
    const [window] = await generator.run([WINDOW], BUILT_IN_DEFAULTS);
    expect(parts[0].asked).toHaveLength(2);
    expect(window.startNs).toBe(parts[0].asked[1].measureAtNs);
    expect(window.startNs).toBeGreaterThanOrEqual(1e12 + 305 * MS);
    expect(await generator.histograms('g')).toEqual({ serviceTimeNs: [[1_000, 2]], responseTimeNs: null });
    expect((await generator.histograms('g')).serviceTimeNs).toEqual([]);
    await generator.run([WINDOW], BUILT_IN_DEFAULTS);
    expect(parts[0].asked, 'what was learned is kept').toHaveLength(3);
  });

  it('takes a window for which all were ready just in time, and none that one of them missed by a nanosecond', async () => {
    const { parts, generator } = split([0, 0]);
    await generator.connect('g', [target(1)], 8, 7);
    const windowsAfter = async (fillNs: number): Promise<number> => {
      parts[1].fillNs = fillNs - WINDOW.discardNs;
      await generator.run([WINDOW], BUILT_IN_DEFAULTS);
      return parts[0].asked.length;
    };
    expect(await windowsAfter(20 * MS)).toBe(1);
    expect(await windowsAfter(50 * MS)).toBe(2);
    expect(await windowsAfter(75 * MS)).toBe(3);
    expect(await windowsAfter(112.5 * MS + 1)).toBe(5);
  });

  it('leaves more time for more requests in flight, and no more than they turn out to need', async () => {
    const { parts, generator } = split([0, 0]);
    await generator.connect('g', [target(1)], 100_000, 7);
    const many = { ...BUILT_IN_DEFAULTS, sessions: 100_000, depth: 50 };
    await generator.run([WINDOW, WINDOW], many);
    const [first, second] = parts[0].asked.map(({ measureAtNs }) => (measureAtNs as number) - 1e12);
    expect(first).toBeGreaterThanOrEqual(5_000 * MS);
    expect(second).toBeLessThan(100 * MS);
  });

  it('gives up on generators that are never ready, and names the group', async () => {
    const { parts, generator } = split([0, 0], [{}, { startNs: 5e12 }]);
    await generator.connect('g', [target(1)], 8, 7);
    await expect(generator.run([WINDOW], BUILT_IN_DEFAULTS)).rejects.toMatchObject({
      code: 'ERR_GENERATOR_OUT_OF_STEP',
      group: 'g',
    });
    expect(parts[0].asked).toHaveLength(6);
  });

  it('adds ledgers up and takes the least of the messages per session', async () => {
    const { parts, generator } = split([0, 0, 0]);
    await generator.connect('g', [target(1)], 8, 7);
    parts[1].calls.length = 0;
    expect(await generator.ledger('g')).toEqual({
      ledger: {
        ...{ sent: 30, delivered: 27, droppedCounted: 0, unacknowledgedAtClose: 0 },
        ...{ lost: 3, duplicated: 6, reordered: 9, corrupted: 12 },
      },
      ...{ killedSessions: 6, unacknowledgedOnKilled: 15 },
      sentPerSessionMin: 0,
    });
  });

  it('closes what was opened when one cannot connect', async () => {
    const clock = { nowNs: 0 };
    const good = new ScriptedGenerator(clock, 0);
    const bad = new ScriptedGenerator(clock, 0, {}, new Error('no ports left'));
    const generator = new SplitGenerator([good, bad], () => clock.nowNs);
    await expect(generator.connect('g', [target(1)], 8, 7)).rejects.toThrow('no ports left');
    expect(good.calls.at(-1)).toEqual(['disconnect', 'g']);
    expect(bad.calls).toHaveLength(1);
  });

  it('runs as long as all of them do', () => {
    const { parts, generator } = split([0, 0]);
    expect(generator.running).toBe(true);
    parts[1].running = false;
    expect(generator.running).toBe(false);
  });
});
