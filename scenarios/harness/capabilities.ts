import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ProcessCommand } from './arm-process.js';
import { allowedProcessors, descriptorsMax, hasTaskset } from './machine.js';
import type { Capabilities } from './planner.js';

/** What this machine and this build can measure. */
export function readCapabilities(armCommand: (arm: string) => ProcessCommand): Capabilities {
  return {
    processors: allowedProcessors(),
    descriptorsMax: descriptorsMax(),
    taskset: hasTaskset(),
    armProblem: (arm) => armProblem(armCommand, arm),
  };
}

/** An arm is there when its program is; whether it works shows when it is started. */
function armProblem(armCommand: (arm: string) => ProcessCommand, arm: string): string | null {
  let command: ProcessCommand;
  try {
    command = armCommand(arm);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const files = [command.command, ...command.args.slice(0, 8)].filter((word) => isAbsolute(word));
  const missing = files.find((file) => !existsSync(file));
  return missing === undefined ? null : `its program ${missing} is not there; "npm run build" makes it`;
}
