/** The thread that makes the load: answers what the thread of the server passes on of the generator's commands. */
import { parentPort, workerData } from 'node:worker_threads';
import { badCommand, ControlError } from '../serve-commands.js';
import type { LoadConnector } from './load-ends.js';
import { type ConnectPlan, LoadGroup } from './load-group.js';
import { parseLoad, parseWindows } from './load-plan.js';
import { threadCpuNs, threadId } from './thread-clock.js';

const REPLY_TIMEOUT_MS = 10_000;
const GROUPS_MAX = 1_024;

/** What goes from the thread of the server to that of the load, and back. */
export interface LoadCommand {
  id: number;
  command: string;
  [field: string]: unknown;
}
export type LoadAnswer =
  | { id: number; answer: object }
  | { id: number; error: { code: string; message: string } };

/** Lets the loop of this thread go round once. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Serves the commands on the parent port. `workerData.serverThread` is the kernel's number of the server's thread. */
export function serveLoad(connector: LoadConnector): void {
  if (parentPort === null) throw new Error('makes the load of an in-process arm: runs as its Worker');
  const port = parentPort;
  const { serverThread } = workerData as { serverThread: number };
  const ownThread = threadId();
  const groups = new Map<string, LoadGroup>();
  const processorTimes = () => ({ serverNs: threadCpuNs(serverThread), loadNs: threadCpuNs(ownThread) });

  function groupOf(name: unknown): LoadGroup {
    const group = groups.get(String(name));
    if (group !== undefined) return group;
    throw new ControlError(
      'ERR_GENERATOR_UNKNOWN_GROUP',
      `group "${String(name)}" is not connected; send connect first`,
    );
  }

  async function run({ windows, load, replyTimeoutMs = REPLY_TIMEOUT_MS }: LoadCommand): Promise<object> {
    const plans = parseWindows(windows);
    const shape = parseLoad(load);
    const surroundings = { turn, processorTimes, replyTimeoutNs: Number(replyTimeoutMs) * 1e6 };
    const measured: object[] = [];
    for (const plan of plans) measured.push(await groupOf(plan.group).run(plan, shape, surroundings));
    return { windows: measured };
  }

  async function connect(plan: ConnectPlan): Promise<object> {
    if (groups.has(plan.group)) {
      throw new ControlError('ERR_GENERATOR_GROUP_EXISTS', `there is a group "${plan.group}" already`);
    }
    if (groups.size === GROUPS_MAX) {
      throw new ControlError('ERR_GENERATOR_TOO_MANY_GROUPS', `there are ${GROUPS_MAX} groups already`);
    }
    const startNs = process.hrtime.bigint();
    groups.set(plan.group, await LoadGroup.connect(connector, plan));
    return { sessions: plan.sessions, connectNs: Number(process.hrtime.bigint() - startNs) };
  }

  async function carryOut(command: LoadCommand): Promise<object> {
    switch (command.command) {
      case 'connect':
        return connect(command as unknown as ConnectPlan);
      case 'run':
        return run(command);
      case 'histogram':
        return groupOf(command.group).histogram(command.reset === true);
      case 'ledger':
        return groupOf(command.group).ledger();
      case 'disconnect':
        await groupOf(command.group).disconnect();
        return {};
      case 'settle':
        globalThis.gc?.();
        return {};
      default:
        throw badCommand(`the load has no command "${command.command}"`);
    }
  }

  port.on('message', (command: LoadCommand) => {
    carryOut(command).then(
      (answer) => port.postMessage({ id: command.id, answer } satisfies LoadAnswer),
      (error: { code?: string; message: string }) => {
        const { code = 'ERR_CONTROL_FAILED', message } = error;
        port.postMessage({ id: command.id, error: { code, message } } satisfies LoadAnswer);
      },
    );
  });
}
