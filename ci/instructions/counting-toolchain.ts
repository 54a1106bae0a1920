import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { canonicalLine } from '../baseline-store/canonical-json.js';
import { environmentFlags } from '../gate/base-build/toolchain-key.js';
import { askProgram } from './counted-program.js';
import { InstructionError } from './instruction-error.js';

/**
 * Everything outside the sources that decides how many instructions a path executes. The flags that the project itself
 * compiles with are no part of it: a change of them is a change like any other, and its counts are to be compared.
 */
export const countingToolchainSchema = z.strictObject({
  architecture: z.string().min(1),
  /** As the counted program was compiled: a newer one may have been installed since. */
  compiler: z.string().min(1),
  /** Of the environment: CFLAGS, CXXFLAGS, CPPFLAGS, LDFLAGS. */
  flags: z.array(z.string()),
  libc: z.string().min(1),
  libstdcxx: z.string().min(1),
  valgrind: z.string().min(1),
});

export type CountingToolchain = z.output<typeof countingToolchainSchema>;

/** @throws InstructionError `ERR_INSTRUCTIONS_NO_VALGRIND`, `ERR_INSTRUCTIONS_RUN` */
export function readCountingToolchain(
  program: string,
  environment: NodeJS.ProcessEnv = process.env,
): CountingToolchain {
  const say = (command: string, ...args: string[]): string | null => {
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env: environment });
    return status === 0 ? stdout.trim() : null;
  };
  const valgrind = say('valgrind', '--version');
  if (valgrind === null) {
    throw new InstructionError(
      'ERR_INSTRUCTIONS_NO_VALGRIND',
      'counting instructions needs valgrind, which is not installed; on Debian or Ubuntu run: apt-get install -y valgrind',
    );
  }
  const [command, ...args] = (environment.CXX || 'g++').split(' ');
  const library = say(command, ...args, '-print-file-name=libstdc++.so.6') ?? '';
  return {
    architecture: process.arch,
    compiler: askProgram(program, '--compiler'),
    flags: environmentFlags(environment),
    valgrind,
    libc: say('getconf', 'GNU_LIBC_VERSION') ?? 'unknown',
    // A name without a folder is the compiler's way to say that it has none.
    libstdcxx: library.startsWith('/') ? basename(realpathSync(library)) : 'unknown',
  };
}

/** Names the file of the counts. Equal facts have equal keys. */
export function toolchainKey(toolchain: CountingToolchain): string {
  const hash = createHash('sha256').update(canonicalLine(toolchain)).digest('hex');
  return `${toolchain.architecture}-${hash.slice(0, 16)}`;
}

/** In a line. */
export function toolchainWords({
  architecture,
  compiler,
  flags,
  libc,
  libstdcxx,
  valgrind,
}: CountingToolchain): string {
  const told = flags.filter((each) => each !== '');
  return [architecture, compiler, ...told, libc, libstdcxx, valgrind].join(', ');
}
