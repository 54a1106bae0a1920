import { removeBaseline } from '../baseline-store/remove-baseline.js';
import { baselineName, subcommandArguments } from './arguments.js';
import type { BaselineSurroundings } from './surroundings.js';

/** `rm NAME` */
export async function rmCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const name = baselineName(subcommandArguments('rm', args, [1, 1]).positionals[0]);
  for (const path of await removeBaseline(surroundings.baselines, name, surroundings.now)) {
    surroundings.print(`removed ${path}`);
  }
  return 0;
}
