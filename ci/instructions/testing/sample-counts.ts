import type { PathCount } from '../count-paths.js';
import type { CountingToolchain } from '../counting-toolchain.js';
import type { StoredPath } from '../counts-file.js';

/** Counts, as tests need them. */

export const SAMPLE_TOOLCHAIN: CountingToolchain = {
  architecture: 'x64',
  compiler: 'GCC 12.2.0',
  flags: ['', '', '', ''],
  libc: 'glibc 2.36',
  libstdcxx: 'libstdc++.so.6.0.30',
  valgrind: 'valgrind-3.19.0',
};

const WORK = { operations: 1000, checksum: '00000000000000ff' };

export function sampleCount(path: string, instructions: number): PathCount {
  return { ...WORK, path, instructions };
}

export function storedCount(instructions: number, accepted: string | null = null): StoredPath {
  return { ...WORK, instructions, accepted };
}
