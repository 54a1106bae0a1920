import type { ArmProcess, ProcessCommand } from './arm-process.js';
import { measureCase } from './case-round.js';
import type { CaseSamples } from './case-samples.js';
import { ControlError } from './control-client.js';
import { GeneratorClient } from './generator-client.js';
import { measureIdleMemory } from './idle-memory.js';
import { throwIfInterrupted } from './interruption.js';
import type { RunPlan } from './planner.js';
import { type ArmServer, type RunContext, recordError } from './run-context.js';
import type { Random } from './statistics/random.js';

/**
 * One round: fresh processes of every arm in random start order and one load generator, all up together, shared by
 * the cases of the round in random order. An arm that fails has its error recorded and misses the rest of the round;
 * without the load generator nothing can be measured, so its failure ends the run.
 */
export async function measureRound(context: RunContext, round: number): Promise<void> {
  const random = context.random.fork(`round ${round}`);
  const { plan, children, samples } = context;
  try {
    const generator = children.start('load generator', pinned(context.generatorCommand, plan, 'generator'));
    const servers = await startServers(context, round, random);
    await generator.hello();
    const client = new GeneratorClient(generator);
    if (plan.idle !== null) {
      const caseSamples = samples.get(plan.idle.caseName);
      const idleArms = caseSamples?.planned.arms ?? [];
      const idle = servers.filter((server) => idleArms.includes(server.arm));
      context.progress.phase(`round ${round + 1}/${plan.rounds}: idle memory`);
      await measureIdleMemory(client, idle, plan.idle.sessions, random, (arm, error) =>
        recordError(context, round, arm, error),
      );
    }
    for (const name of random.shuffled([...samples.keys()])) {
      throwIfInterrupted(context.signal);
      context.progress.phase(`round ${round + 1}/${plan.rounds}: ${name}`);
      await measureCase(context, samples.get(name) as CaseSamples, servers, client, round, random.fork(name));
    }
    await children.closeAll();
  } finally {
    await children.stopAll();
  }
}

async function startServers(context: RunContext, round: number, random: Random): Promise<ArmServer[]> {
  const starting = random.shuffled(context.plan.arms).map((arm, order) => {
    const process = context.children.start(arm, pinned(context.armCommand(arm), context.plan, 'servers'));
    return listen(context, arm, order, process).catch((error: unknown) => {
      throwIfInterrupted(context.signal);
      recordError(context, round, arm, error);
      return null;
    });
  });
  const servers = await Promise.all(starting);
  return servers.filter((server) => server !== null);
}

async function listen(
  context: RunContext,
  arm: string,
  order: number,
  process: ArmProcess,
): Promise<ArmServer> {
  await process.hello();
  const cases = [...context.samples.values()].filter((each) => each.planned.arms.includes(arm));
  const urls: Record<string, string> = {};
  for (const handler of new Set(cases.map((each) => each.planned.parameters.reply))) {
    const answer = await process.command('listen', { url: 'tcp://127.0.0.1:0', handler });
    if (typeof answer.url !== 'string') {
      throw new ControlError('ERR_CONTROL_PROTOCOL', `${arm}: listen: the answer has no url`);
    }
    urls[handler] = answer.url;
  }
  return { arm, order, process, urls, memoryBytesPerSession: Number.NaN };
}

function pinned(command: ProcessCommand, plan: RunPlan, role: 'servers' | 'generator'): ProcessCommand {
  if (plan.pinning === null) return command;
  const processors = plan.pinning[role].join(',');
  return { ...command, command: 'taskset', args: ['-c', processors, command.command, ...command.args] };
}
