import type { ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { DESCRIPTORS_SPARE } from '../../../scenarios/harness/case-processes.js';
import { measureIdleMemory } from '../../../scenarios/harness/idle-memory.js';
import { listenerKey } from '../../../scenarios/harness/load-shapes.js';
import { targetsOf } from '../../../scenarios/harness/server-parts.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { failureOf, groupName } from './arm-failure.js';
import type { GateArm } from './gate-arms.js';
import type { StartedArms } from './start-arms.js';

/** Sessions that are open before: with them come the tables, pools and compiled code that every first session pays for. */
const FIRST_SESSIONS = 1_000;

/**
 * Bytes that one more session takes: the growth of a settled server over thousands of idle sessions, on top of the first
 * ones. Counting from none would spread what exists once, and when it comes into being differs from start to start.
 */
export async function measureBytesPerSession(
  { servers, generator }: StartedArms,
  parameters: CaseParameters,
  [wanted, descriptorsMax]: readonly [sessions: number, descriptorsMax: number],
  random: Random,
): Promise<Map<GateArm, number>> {
  const room = Math.floor((descriptorsMax - DESCRIPTORS_SPARE) / servers.length);
  const first = Math.min(FIRST_SESSIONS, Math.floor(room / 4));
  for (const { arm, parts } of random.shuffled(servers)) {
    const targets = targetsOf(parts, listenerKey(parameters), first);
    await generator.connect(groupName(arm, 'first'), targets, first, random.below(2 ** 32));
  }
  await measureIdleMemory(servers, Math.min(wanted, room - first), random, ({ arm }, error) => {
    throw failureOf(arm as GateArm, error);
  });
  for (const { arm } of servers) await generator.disconnect(groupName(arm, 'first'));
  return new Map(servers.map(({ arm, memoryBytesPerSession }) => [arm, memoryBytesPerSession]));
}

/**
 * Node's collector sizes its young generation by how fast garbage came, so the same server holds half as much or twice as
 * much after the same sessions. Processes of their own have a collector that goes by fixed sizes, and the least ones: what
 * was touched between the readings for the first time counts as growth, and 4 MiB of a young generation, which
 * `--predictable-gc-schedule` gives it, are as much as thousands of sessions take.
 */
const FIXED_COLLECTOR = [
  '--min-semi-space-size=1',
  '--max-semi-space-size=1',
  '--heap-growing-percent=30',
  '--no-memory-reducer',
];

export function withPredictableCollector(command: ProcessCommand): ProcessCommand {
  return { ...command, args: [...FIXED_COLLECTOR, ...command.args] };
}
