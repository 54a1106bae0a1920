import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** What the environment adds to every build: CFLAGS, CXXFLAGS, CPPFLAGS and LDFLAGS, empty where it adds nothing. */
export function environmentFlags(environment: NodeJS.ProcessEnv): string[] {
  return ['CFLAGS', 'CXXFLAGS', 'CPPFLAGS', 'LDFLAGS'].map((name) => environment[name] ?? '');
}

/** Everything outside the sources that decides what a build becomes. */
export function readToolchain(environment: NodeJS.ProcessEnv = process.env): string {
  const compiler = environment.CXX || 'g++';
  const [command, ...args] = compiler.split(' ');
  const { stdout } = spawnSync(command, [...args, '--version'], { encoding: 'utf8' });
  return [
    `node ${process.versions.node} abi ${process.versions.modules} ${process.arch}`,
    `${compiler}: ${(stdout ?? '').split('\n')[0]}`,
    ...environmentFlags(environment),
  ].join('\n');
}

/** The name of a build in the cache. All have the same length, and so the same paths but for their characters. */
export function buildKey(source: string, toolchain: string): string {
  return createHash('sha256').update(`${source}\n${toolchain}`).digest('hex').slice(0, 32);
}
