import { loopArms } from './harness/loop-arm.js';
import type { Suite, SuiteCase } from './harness/suite.js';

interface HandOver {
  producers: number;
  consumers: number;
  batch: number;
}

/** Rings for one producer or one consumer join where there is only one. */
function handOver({ producers, consumers, batch }: HandOver): SuiteCase {
  const arms = [
    'native',
    ...(consumers === 1 ? ['native:mpsc'] : []),
    ...(consumers === 1 && producers === 1 ? ['native:spsc'] : []),
    'baseline',
    'rival:tbb',
  ];
  return {
    name: `hand-over/batch=${batch},consumers=${consumers},producers=${producers}`,
    parameters: { producers, consumers, batch },
    arms: loopArms('event-queue/hand-over', arms),
  };
}

/** Items of 8 bytes through a queue of 1 024; every item is checked by the thread that takes it. */
export const eventQueue: Suite = {
  name: 'event-queue',
  title: 'Bounded queues between threads, against deque behind mutex',
  cases: [
    handOver({ producers: 1, consumers: 1, batch: 1 }),
    handOver({ producers: 1, consumers: 1, batch: 16 }),
    handOver({ producers: 2, consumers: 1, batch: 1 }),
    handOver({ producers: 2, consumers: 2, batch: 1 }),
    handOver({ producers: 2, consumers: 2, batch: 16 }),
  ],
};
