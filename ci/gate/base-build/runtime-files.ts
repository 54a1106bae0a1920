import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a build needs to serve its side of the gate, and all that a base contributes: core, addon, server entry. */

/** The server entry, as `scenarios/arms/registry.ts` names it. */
export const SERVER_ENTRY = 'dist/scenarios/arms/native.js';
export const ADDON = 'native/build/Release/msgtrans.node';
const SINGLE_FILES = ['package.json', ADDON];
const FOLDERS = ['dist/core', 'dist/scenarios/arms'];

/** Paths relative to `rootDir`, sorted; what is not there is left out. */
export function runtimeFiles(rootDir: string): string[] {
  const compiled = FOLDERS.flatMap((folder) => filesBelow(rootDir, folder)).filter(
    (path) => path.endsWith('.js') && !path.endsWith('.test.js'),
  );
  return [...SINGLE_FILES.filter((path) => isFile(rootDir, path)), ...compiled].sort();
}

function filesBelow(rootDir: string, folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(rootDir, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(rootDir, path) : [path];
  });
}

function isFile(rootDir: string, path: string): boolean {
  return statSync(join(rootDir, path), { throwIfNoEntry: false })?.isFile() ?? false;
}
