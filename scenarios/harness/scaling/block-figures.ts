import type { MetricName } from '../metrics.js';
import { median } from '../statistics/quantile.js';
import type { WorkWindow } from './thread-work.js';
import { ALU_ARM } from './thread-works.js';

/** What several threads did against one, as logarithms, from one block. */
export interface BlockFigures {
  speedup: number;
  aluSpeedup: number;
  /** Processor time per operation of several threads against one, the ALU loop's own growth taken off. */
  cpuGrowth: number;
}

export interface PlacedWindow extends WorkWindow {
  arm: string;
  threads: number;
}

/**
 * The figures of one arm in one block that holds windows of 1 and of `threads` threads, of the arm and of the ALU loop,
 * in some order and its mirror. Logarithms: their means over the two halves cancel a steady drift of the machine.
 */
export function figuresOfBlock(windows: readonly PlacedWindow[], arm: string, threads: number): BlockFigures {
  const growth = (of: string, pick: (window: PlacedWindow) => number): number => {
    const mean = (count: number): number => {
      const logs = windows
        .filter((window) => window.arm === of && window.threads === count)
        .map((window) => Math.log(pick(window)));
      return logs.reduce((sum, log) => sum + log, 0) / logs.length;
    };
    return mean(threads) - mean(1);
  };
  const rate = ({ operations, startNs, endNs }: PlacedWindow): number => operations / (endNs - startNs);
  const cpu = ({ operations, cpuNs }: PlacedWindow): number => cpuNs / operations;
  return {
    speedup: growth(arm, rate),
    aluSpeedup: growth(ALU_ARM, rate),
    cpuGrowth: growth(arm, cpu) - growth(ALU_ARM, cpu),
  };
}

/** A round's metrics: medians over its blocks, so that a block that was disturbed on one side moves them little. */
export function figuresOfRound(blocks: readonly BlockFigures[]): Partial<Record<MetricName, number>> {
  if (blocks.length === 0) return {};
  const middle = (pick: (figures: BlockFigures) => number): number => Math.exp(median(blocks.map(pick)));
  return {
    speedup: middle((figures) => figures.speedup),
    alu_speedup: middle((figures) => figures.aluSpeedup),
    speedup_against_alu: middle((figures) => figures.speedup - figures.aluSpeedup),
    cpu_growth_against_alu: middle((figures) => figures.cpuGrowth),
  };
}
