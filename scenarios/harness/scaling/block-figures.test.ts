import { expect, it } from 'vitest';
import { figuresOfBlock, figuresOfRound, type PlacedWindow } from './block-figures.js';

const CLEAN = {
  ...{ sent: 0, delivered: 0, droppedCounted: 0, unacknowledgedAtClose: 0 },
  ...{ lost: 0, duplicated: 0, reordered: 0, corrupted: 0 },
};

function window(arm: string, threads: number, operations: number, cpuNs = 50e6): PlacedWindow {
  return { arm, threads, operations, cpuNs, startNs: 0, endNs: 50e6, ledger: CLEAN };
}

it('compares several threads with one, and both with what the ALU loop did', () => {
  const windows = [
    ...[window('native', 1, 100), window('native', 2, 180, 100e6), window('native', 2, 180, 100e6)],
    ...[window('native', 1, 100), window('alu', 1, 10), window('alu', 2, 18, 100e6)],
    ...[
      window('alu', 2, 18, 100e6),
      window('alu', 1, 10),
      window('baseline', 1, 7),
      window('baseline', 2, 3),
    ],
  ];
  const figures = figuresOfBlock(windows, 'native', 2);
  expect(Math.exp(figures.speedup)).toBeCloseTo(1.8, 12);
  expect(Math.exp(figures.aluSpeedup)).toBeCloseTo(1.8, 12);
  expect(Math.exp(figures.cpuGrowth)).toBeCloseTo(1, 12);
});

it('is free of a steady drift: the mirror has the same mean place', () => {
  const order = [1, 2, 2, 1].flatMap((threads) => [threads, threads]);
  const windows = order.map((threads, place) =>
    window(place % 2 === 0 ? 'native' : 'alu', threads, threads * 1000 * 1.07 ** place),
  );
  expect(Math.exp(figuresOfBlock(windows, 'native', 2).speedup)).toBeCloseTo(2, 9);
});

it('takes medians over blocks, and nothing from none', () => {
  const block = (speedup: number) => ({ speedup: Math.log(speedup), aluSpeedup: Math.log(2), cpuGrowth: 0 });
  const figures = figuresOfRound([block(1.9), block(1.96), block(0.4)]);
  expect(figures.speedup).toBeCloseTo(1.9, 12);
  expect(figures.speedup_against_alu).toBeCloseTo(0.95, 12);
  expect(figuresOfRound([])).toEqual({});
});
