import type { ArmProcess, ProcessCommand } from './arm-process.js';
import { measureCase } from './case-round.js';
import type { CaseSamples } from './case-samples.js';
import { ControlError } from './control-client.js';
import { findSessions } from './find-sessions.js';
import { GeneratorClient } from './generator-client.js';
import { measureIdleMemory } from './idle-memory.js';
import { throwIfInterrupted } from './interruption.js';
import type { LoadGenerator } from './load-generator.js';
import { LOAD_SHAPES, listenerKey } from './load-shapes.js';
import { type Medium, mediumOf } from './medium.js';
import type { RunPlan } from './planner.js';
import { type ArmServer, type RunContext, recordError } from './run-context.js';
import { ScrapedGenerator } from './scraped-generator.js';
import { Scraper } from './scraper.js';
import { areRunning } from './server-parts.js';
import { SplitGenerator } from './split-generator.js';
import type { Random } from './statistics/random.js';

/**
 * One round: fresh processes of every arm in random start order and the load generator, all up together, shared
 * by the cases of the round in random order. An arm that fails has its error recorded and misses the rest of the round;
 * without the generator that all arms share nothing can be measured, so its failure ends the run.
 */
export async function measureRound(context: RunContext, round: number): Promise<void> {
  const random = context.random.fork(`round ${round}`);
  const { plan, samples, children } = context;
  try {
    const sockets = startGenerators(context);
    const servers = await startServers(context, sockets, round, random);
    await Promise.all(sockets.map(({ process }) => process.hello()));
    if (plan.idle !== null) {
      context.progress.phase(`round ${round + 1}/${plan.rounds}: idle memory`);
      const idle = serversOf(samples.get(plan.idle.caseName), servers);
      await measureIdleMemory(idle, plan.idle.sessions, random, (server, error) =>
        recordError(context, round, server, error),
      );
    }
    for (const name of random.shuffled([...samples.keys()])) {
      throwIfInterrupted(context.signal);
      context.progress.phase(`round ${round + 1}/${plan.rounds}: ${name}`);
      const caseSamples = samples.get(name) as CaseSamples;
      const taking = forCase(caseSamples, serversOf(caseSamples, servers), sockets);
      const measure = caseSamples.planned.findSessions ? findSessions : measureCase;
      await measure(context, caseSamples, taking, round, random.fork(name));
    }
    await children.closeAll();
  } finally {
    await children.stopAll();
  }
}

interface Generator {
  process: ArmProcess;
  client: GeneratorClient;
}

/** The generator processes that all arms over sockets share; none when nothing is measured there. */
function startGenerators(context: RunContext): Generator[] {
  if (context.plan.servers.every(({ medium }) => medium !== 'sockets')) return [];
  const command = pinned(context.generatorCommand, context.plan, 'generator');
  return Array.from({ length: context.plan.generators }, () => {
    const process = context.children.start('load generator', command);
    return { process, client: new GeneratorClient(process) };
  });
}

/** The servers with as many processes as the case is spread over, and one generator for all of them. */
function forCase(
  samples: CaseSamples,
  servers: readonly ArmServer[],
  sockets: readonly Generator[],
): ArmServer[] {
  const { processes } = samples.planned;
  if (processes.generators === 1) return servers.map((each) => ({ ...each, parts: each.parts.slice(0, 1) }));
  const generator = new SplitGenerator(sockets.slice(0, processes.generators).map(({ client }) => client));
  return servers.map((each) => ({ ...each, generator, parts: each.parts.slice(0, processes.servers) }));
}

/** The servers that take part in a case and are up. */
function serversOf(samples: CaseSamples | undefined, servers: readonly ArmServer[]): ArmServer[] {
  if (samples === undefined) return [];
  const { arms, parameters } = samples.planned;
  const medium = mediumOf(parameters.transport);
  return servers.filter(
    (each) => each.medium === medium && arms.includes(each.arm) && areRunning(each.parts),
  );
}

async function startServers(
  context: RunContext,
  sockets: readonly Generator[],
  round: number,
  random: Random,
): Promise<ArmServer[]> {
  const starting = random.shuffled(context.plan.servers).map(async ({ arm, medium, parts: count }, order) => {
    const command = context.armCommand(arm, medium);
    // Both ends of an in-process arm run in it: there is nothing to set apart.
    const placed = medium === 'sockets' ? pinned(command, context.plan, 'servers') : command;
    const processes = Array.from({ length: count }, () => context.children.start(arm, placed));
    const load = medium === 'sockets' ? sockets[0].client : new GeneratorClient(processes[0]);
    try {
      const parts = await Promise.all(
        processes.map(async (process) => ({ process, urls: await listen(context, arm, medium, process) })),
      );
      const generator = await scraped(context.plan, arm, processes[0], load);
      return { arm, medium, order, parts, generator, memoryBytesPerSession: Number.NaN };
    } catch (error) {
      throwIfInterrupted(context.signal);
      recordError(context, round, { arm, medium }, error);
      return null;
    }
  });
  const servers = await Promise.all(starting);
  return servers.filter((server) => server !== null);
}

/** Opens a listener for each thing that the cases ask of this server. */
async function listen(
  context: RunContext,
  arm: string,
  medium: Medium,
  process: ArmProcess,
): Promise<Record<string, string>> {
  await process.hello();
  const urls: Record<string, string> = {};
  for (const { planned } of context.samples.values()) {
    const { arms, parameters } = planned;
    const key = listenerKey(parameters);
    if (!arms.includes(arm) || mediumOf(parameters.transport) !== medium || Object.hasOwn(urls, key))
      continue;
    const url = medium === 'sockets' ? 'tcp://127.0.0.1:0' : `mem://listener-${Object.keys(urls).length}`;
    const answer = await process.command('listen', {
      url,
      ...LOAD_SHAPES[parameters.load].listener(parameters),
    });
    if (typeof answer.url !== 'string') {
      throw new ControlError('ERR_CONTROL_PROTOCOL', `${arm}: listen: the answer has no url`);
    }
    urls[key] = answer.url;
  }
  return urls;
}

/** The load of an arm whose admin endpoint the scenario has scraped; any other arm's as it is. */
async function scraped(
  plan: RunPlan,
  arm: string,
  process: ArmProcess,
  load: LoadGenerator,
): Promise<LoadGenerator> {
  const scrape = plan.scrapes?.[arm];
  if (scrape === undefined) return load;
  const { url } = await process.command('admin');
  if (typeof url !== 'string') {
    throw new ControlError('ERR_CONTROL_PROTOCOL', `${arm}: admin: the answer has no url`);
  }
  return new ScrapedGenerator(load, new Scraper(url, scrape));
}

function pinned(command: ProcessCommand, plan: RunPlan, role: 'servers' | 'generator'): ProcessCommand {
  if (plan.pinning === null) return command;
  const processors = plan.pinning[role].join(',');
  return { ...command, command: 'taskset', args: ['-c', processors, command.command, ...command.args] };
}
