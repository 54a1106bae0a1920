import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { InstructionError } from './instruction-error.js';

/** The program whose instructions are counted, `native/loops/counted/`; built together with the suites' loops. */
export function countedProgram(rootDir: string): string {
  return join(rootDir, 'native', 'loops', 'build', 'Release', 'instruction_counts');
}

/** Names of its paths, in its order. @throws InstructionError `ERR_INSTRUCTIONS_RUN` */
export function listPaths(program: string): string[] {
  return askProgram(program, '--list').split('\n');
}

/** What it says of itself. @throws InstructionError `ERR_INSTRUCTIONS_RUN` */
export function askProgram(program: string, option: '--list' | '--compiler'): string {
  const { status, stdout, stderr, error } = spawnSync(program, [option], { encoding: 'utf8' });
  if (status === 0) return stdout.trimEnd();
  throw new InstructionError(
    'ERR_INSTRUCTIONS_RUN',
    `${program} ${option} failed: ${error?.message ?? stderr.trim()}\nBuild it with: npm run instructions`,
  );
}
