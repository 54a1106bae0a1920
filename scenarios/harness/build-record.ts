import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { BuildRecord } from './record.js';

/** What was built from what: enough to find the same sources again. */
export function readBuild(rootDir: string): BuildRecord {
  const commit = run('git', ['rev-parse', 'HEAD'], rootDir);
  const status = run('git', ['status', '--porcelain'], rootDir);
  return {
    commit: commit !== null && /^[0-9a-f]{40,64}$/.test(commit) ? commit : null,
    dirty: status !== null && status !== '',
    nativeHash: hashFolder(join(rootDir, 'native'), (name) => !name.startsWith('build')),
    baselineHash: hashBaseline(rootDir),
    compiler: run(process.env.CXX ?? 'g++', ['--version'], rootDir)?.split('\n')[0] ?? 'unknown',
  };
}

/** The opponent of all ratios. */
export function hashBaseline(rootDir: string): string {
  return hashFolder(join(rootDir, 'core', 'baseline'), () => true);
}

/** SHA-256 over paths and contents in a fixed order; tests and documents count too, so that nobody must choose. */
export function hashFolder(folder: string, enters: (name: string) => boolean): string {
  const hash = createHash('sha256');
  for (const path of files(folder, enters).sort()) {
    const content = readFileSync(path);
    hash.update(`${relative(folder, path)}\n${content.length}\n`);
    hash.update(content);
  }
  return hash.digest('hex');
}

function files(folder: string, enters: (name: string) => boolean): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return enters(entry.name) ? files(path, enters) : [];
    return entry.isFile() ? [path] : [];
  });
}

function run(command: string, args: readonly string[], folder: string): string | null {
  const result = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.trim() : null;
}
