import { removeBaseline } from '../baseline-store/remove-baseline.js';
import { baselineName, subcommandArguments } from './arguments.js';
import type { BaselineSurroundings } from './surroundings.js';

export const RM_OPTIONS = { force: { type: 'boolean', value: '' } } as const;

/** `rm NAME [--force]` */
export async function rmCommand(args: string[], surroundings: BaselineSurroundings): Promise<number> {
  const { values, positionals } = subcommandArguments('rm', args, [1, 1], RM_OPTIONS);
  const name = baselineName(positionals[0]);
  const { baselines, now } = surroundings;
  for (const path of await removeBaseline(baselines, name, { now, force: values.force === true })) {
    surroundings.print(`removed ${path}`);
  }
  return 0;
}
