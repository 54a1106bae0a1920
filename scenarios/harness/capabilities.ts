import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { machineTopology } from '../../core/index.js';
import type { ProcessCommand } from './arm-process.js';
import { allowedProcessors, descriptorsMax, hasTaskset, numaNodes } from './machine.js';
import type { Medium } from './medium.js';
import type { Capabilities } from './planner.js';
import type { ArmCommand } from './run-context.js';

/** What this machine and this build can measure. */
export function readCapabilities(armCommand: ArmCommand): Capabilities {
  const quota = cpuQuota();
  return {
    processors: allowedProcessors(),
    descriptorsMax: descriptorsMax(),
    taskset: hasTaskset(),
    numaNodes: numaNodes(),
    ...(quota === null ? {} : { cpuQuota: quota }),
    armProblem: (arm, medium) => armProblem(armCommand, arm, medium),
  };
}

/** Null without a limit, and where the addon that reads the cgroups is not there: then nothing native runs either. */
function cpuQuota(): number | null {
  try {
    return machineTopology().cpuQuota;
  } catch {
    return null;
  }
}

/** An arm is there when its program is; whether it works shows when it is started. */
function armProblem(armCommand: ArmCommand, arm: string, medium: Medium): string | null {
  let command: ProcessCommand;
  try {
    command = armCommand(arm, medium);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const files = [command.command, ...command.args.slice(0, 8)].filter((word) => isAbsolute(word));
  const missing = files.find((file) => !existsSync(file));
  return missing === undefined ? null : `its program ${missing} is not there; "npm run build" makes it`;
}
