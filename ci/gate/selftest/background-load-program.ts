/** `background-load-program.js SEED`: burns one processor in bursts of chance until its input ends. */
import { createRandom } from '../../../scenarios/harness/statistics/random.js';

/** A third of the time, in pieces about as long as a block: some blocks are dropped for it, others only slowed. */
const BURST_MS = [20, 300] as const;
const PAUSE_MS = [100, 600] as const;

const random = createRandom(Number(process.argv[2]));
const between = ([least, most]: readonly [number, number]): number => least + random.below(most - least);

function burst(): void {
  const endMs = performance.now() + between(BURST_MS);
  while (performance.now() < endMs);
  setTimeout(burst, between(PAUSE_MS));
}

process.stdin.on('end', () => process.exit(0)).resume();
burst();
