/** The arms by name, and how to start the server of each. Paths are relative to a repository, this one or a base build. */
import { join } from 'node:path';
import type { Medium } from '../harness/medium.js';
import type { InjectedKind } from './injected/injected-work.js';

export interface ArmCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** Entry files of the arms that run on Node, as built; they speak scenarios/harness/CONTROL.md on standard input and output. */
const NODE_ENTRIES: Readonly<Record<string, string>> = {
  native: 'dist/scenarios/arms/native.js',
  'native:owned': 'dist/scenarios/arms/native-owned.js',
  'native:own-thread': 'dist/scenarios/arms/native-own-thread.js',
  baseline: 'dist/scenarios/arms/baseline.js',
  'rival:node-net': 'dist/scenarios/rivals/node-net.js',
  'rival:held-cork': 'dist/scenarios/rivals/held-cork.js',
};

/** Arms that are a program of the list above a second time: what differs is what a scenario does to them. */
const TWINS: Readonly<Record<string, string>> = {
  'native:scraped': NODE_ENTRIES.native,
  'native:burst': NODE_ENTRIES.native,
};

/** Arms that are programs of their own. */
const PROGRAMS: Readonly<Record<string, string>> = {
  limit: 'native/build/Release/limit_server',
};

/** Arms that hold both ends of their sessions in one process, and make their load themselves. */
const IN_PROCESS_ENTRIES: Readonly<Record<string, string>> = {
  native: 'dist/scenarios/arms/in-process/native.js',
  'rival:message-port': 'dist/scenarios/arms/in-process/message-port.js',
  'rival:zeromq': 'dist/scenarios/arms/in-process/zeromq.js',
};

export const ARM_NAMES: readonly string[] = [
  ...Object.keys(NODE_ENTRIES),
  ...Object.keys(TWINS),
  ...Object.keys(PROGRAMS),
];

/**
 * The command that starts the server of `arm` for one medium, as built in `rootDir`.
 * @throws Error naming the known arms when there is none of that name
 */
export function armCommand(arm: string, medium: Medium, rootDir: string): ArmCommand {
  if (medium === 'in-process') {
    if (!Object.hasOwn(IN_PROCESS_ENTRIES, arm)) throw new Error(`the arm ${arm} does not run in process`);
    const entry = join(rootDir, IN_PROCESS_ENTRIES[arm]);
    return { command: process.execPath, args: ['--expose-gc', entry] };
  }
  if (Object.hasOwn(NODE_ENTRIES, arm)) {
    // The collector is exposed for the command `settle`.
    return { command: process.execPath, args: ['--expose-gc', join(rootDir, NODE_ENTRIES[arm])] };
  }
  if (Object.hasOwn(TWINS, arm)) {
    return { command: process.execPath, args: ['--expose-gc', join(rootDir, TWINS[arm]), arm] };
  }
  if (Object.hasOwn(PROGRAMS, arm)) return { command: join(rootDir, PROGRAMS[arm]), args: [] };
  throw new Error(`unknown arm ${JSON.stringify(arm)}; known are ${ARM_NAMES.join(', ')}`);
}

/**
 * The command that starts the server of `native` with work put in on purpose (`injected/injected-work.ts`). No arm by name:
 * no scenario is meant to measure it.
 */
export function injectedCommand(rootDir: string, kind: InjectedKind, amount: number): ArmCommand {
  const entry = join(rootDir, 'dist/scenarios/arms/native-injected.js');
  return { command: process.execPath, args: ['--expose-gc', entry, kind, String(amount)] };
}

/** The command that starts the process of `load: threads`, which makes its own work. */
export function threadWorkCommand(rootDir: string): ArmCommand {
  return { command: process.execPath, args: [join(rootDir, 'dist/scenarios/arms/thread-work.js')] };
}

/** The command that starts the load generator, which drives servers over sockets. */
export function generatorCommand(rootDir: string): ArmCommand {
  return { command: join(rootDir, 'native/build/Release/load_generator'), args: [] };
}
