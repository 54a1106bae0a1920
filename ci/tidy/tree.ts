import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files that belong to the project: what git tracks or would track, not what is built or installed. */
export interface Tree {
  readonly root: string;
  /** Relative paths with `/`, sorted. */
  readonly files: readonly string[];
  /** Whether anything, tracked or not, lies at the path. */
  exists(path: string): boolean;
  read(path: string): string;
}

const ignoredFolders = /^(node_modules|\.git|dist|runs|coverage|native\/(loops\/)?build(-[^/]*)?)$/;

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ignoredFolders.test(path) ? [] : walk(root, path);
    return entry.isFile() ? [path] : [];
  });
}

/** What git would commit here; undefined outside a work tree, as in an unpacked archive. */
function listByGit(root: string): string[] | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { status, stdout } = spawnSync('git', options, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) return undefined;
  const isPresent = (path: string) =>
    lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
  return [...new Set(stdout.split('\0'))].filter((path) => path !== '' && isPresent(path));
}

export function openTree(root: string): Tree {
  const contents = new Map<string, string>();
  return {
    root,
    files: (listByGit(root) ?? walk(root, '')).sort(),
    exists: (path) => existsSync(join(root, path)),
    read(path) {
      let text = contents.get(path);
      if (text === undefined) {
        text = readFileSync(join(root, path), 'utf8');
        contents.set(path, text);
      }
      return text;
    },
  };
}
