import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runStep } from '../gate/base-build/run-step.js';
import { instructionsOf } from './callgrind-profile.js';
import { InstructionError } from './instruction-error.js';

/** What a path executed, in one piece of work that is always the same. */
export interface PathCount {
  path: string;
  operations: number;
  instructions: number;
  /** Of what the operations returned: where it differs, other work was done. */
  checksum: string;
}

/** The program, its name for the function that is counted, and where profiles and what the program said are kept. */
export interface Counting {
  program: string;
  folder: string;
}

const COUNTED_FUNCTION = 'msgtrans_counted';
/** A path takes about a second; a machine may be busy. */
const PATH_TIMEOUT_MS = 180_000;

/**
 * glibc picks memcpy and its like by what the processor can do. Without these every processor gets the same code, so that
 * counts are those of a toolchain and not of a machine. Names that a version does not know are passed over.
 */
const SAME_CODE_EVERYWHERE =
  'glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX2_Usable,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2';

/**
 * One after the other, under callgrind. Profiles stay in the folder as `<path>.callgrind`, for callgrind_annotate.
 * @throws InstructionError
 * @throws InterruptedError
 */
export async function countPaths(
  counting: Counting,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<PathCount[]> {
  mkdirSync(counting.folder, { recursive: true });
  const counts: PathCount[] = [];
  for (const path of paths) counts.push(await countPath(counting, path, signal));
  return counts;
}

export function perOperation({ instructions, operations }: Omit<PathCount, 'path' | 'checksum'>): number {
  return instructions / operations;
}

async function countPath(
  { program, folder }: Counting,
  path: string,
  signal: AbortSignal,
): Promise<PathCount> {
  // Another process may count into the same folder.
  const own = join(folder, `${path}.${process.pid}`);
  const [profile, said] = [`${own}.callgrind`, `${own}.said`];
  const args = [
    '--tool=callgrind',
    '--quiet',
    `--log-file=${own}.valgrind`,
    `--callgrind-out-file=${profile}`,
    `--toggle-collect=${COUNTED_FUNCTION}`,
    program,
    path,
  ];
  const step = { command: 'valgrind', args, folder, logPath: said, timeoutMs: PATH_TIMEOUT_MS };
  const failure = await runStep({ ...step, environment: countingEnvironment(process.env) }, signal);
  if (failure !== null) {
    throw new InstructionError(
      'ERR_INSTRUCTIONS_RUN',
      `counting ${path} failed: valgrind ${failure}\nWhat valgrind itself said is in ${own}.valgrind`,
    );
  }
  const work = workOf(readFileSync(said, 'utf8'), path);
  const instructions = instructionsOf(readFileSync(profile, 'utf8'), profile);
  for (const kind of ['callgrind', 'said', 'valgrind']) {
    renameSync(`${own}.${kind}`, join(folder, `${path}.${kind}`));
  }
  return { ...work, instructions };
}

/** What else stands in the environment moves the stack, and could move a count with it. */
function countingEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = ['PATH', 'TMPDIR', 'VALGRIND_LIB'].filter((name) => environment[name] !== undefined);
  return {
    ...Object.fromEntries(passed.map((name) => [name, environment[name]])),
    LC_ALL: 'C',
    GLIBC_TUNABLES: SAME_CODE_EVERYWHERE,
  };
}

const workSchema = z.strictObject({
  path: z.string(),
  operations: z.int().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

/** Pure: the line that the program prints. */
export function workOf(said: string, path: string): Omit<PathCount, 'instructions'> {
  let value: unknown = null;
  try {
    value = JSON.parse(said);
  } catch {
    // Falls through: no JSON is no work either.
  }
  const result = workSchema.safeParse(value);
  if (result.success && result.data.path === path) return result.data;
  throw new InstructionError(
    'ERR_INSTRUCTIONS_RUN',
    `the counted program should have said which work it did for ${path}; it said ${JSON.stringify(said.slice(0, 200))}`,
  );
}
