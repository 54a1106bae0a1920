import type { ArmProcess, Children, ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { ControlError } from '../../../scenarios/harness/control-client.js';
import { GeneratorClient } from '../../../scenarios/harness/generator-client.js';
import { throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import { LOAD_SHAPES, listenerKey } from '../../../scenarios/harness/load-shapes.js';
import type { ArmServer } from '../../../scenarios/harness/run-context.js';
import { type ArmFailure, failureOf } from './arm-failure.js';
import type { GateArm } from './gate-arms.js';

/** A server that is up, named by its place in the gate. */
export interface GateServer extends ArmServer {
  arm: GateArm;
}

export interface StartedArms {
  servers: GateServer[];
  generator: GeneratorClient;
  /** All processes of the invocation, the gate's own included: what is not theirs is foreign. */
  pids: number[];
}

/**
 * Fresh processes, one after the other in the order given, so that none starts in the shadow of another one. After one that
 * fails the others are tried, too: where they fail alike it is not this build's fault.
 * @throws ArmFailure
 */
export async function startArms(
  order: readonly GateArm[],
  cases: readonly CaseParameters[],
  children: Children,
  commands: { armCommand: (arm: GateArm) => ProcessCommand; generatorCommand: ProcessCommand },
  signal: AbortSignal,
): Promise<StartedArms> {
  const load = children.start('load generator', commands.generatorCommand);
  await load.hello();
  const generator = new GeneratorClient(load);
  const servers: GateServer[] = [];
  const failures: ArmFailure[] = [];
  for (const [index, arm] of order.entries()) {
    throwIfInterrupted(signal);
    const server = children.start(arm, commands.armCommand(arm));
    try {
      await server.hello();
      const urls = await listen(server, arm, cases);
      servers.push({
        ...{ arm, medium: 'sockets', generator, order: index, parts: [{ process: server, urls }] },
        memoryBytesPerSession: Number.NaN,
      });
    } catch (error) {
      throwIfInterrupted(signal);
      failures.push(failureOf(arm, error));
    }
  }
  const [first, ...others] = failures;
  if (first !== undefined) throw first.amid({ others: others.map(({ arm }) => arm), disturbance: null });
  const pids = [process.pid, load.pid, ...servers.map(({ parts }) => parts[0].process.pid)];
  return { servers, generator, pids };
}

/** A listener for each thing that the cases ask for. */
async function listen(
  process: ArmProcess,
  arm: GateArm,
  cases: readonly CaseParameters[],
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const parameters of cases) {
    const key = listenerKey(parameters);
    if (Object.hasOwn(urls, key)) continue;
    const options = LOAD_SHAPES[parameters.load].listener(parameters);
    const { url } = await process.command('listen', { url: 'tcp://127.0.0.1:0', ...options });
    if (typeof url !== 'string') {
      throw new ControlError('ERR_CONTROL_PROTOCOL', `${arm}: listen: the answer has no url`);
    }
    urls[key] = url;
  }
  return urls;
}
