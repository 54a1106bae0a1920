/** Which files a build depends on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root
 * @param {string[]} folders relative to the root; missing ones are skipped
 * @param {(path: string) => boolean} isWanted asked with the path relative to the root
 * @returns {string[]} relative paths, sorted
 */
export function listFiles(root, folders, isWanted) {
  /** @type {string[]} */
  const found = [];
  const pending = [...folders];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readFolder(join(root, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !/^native\/(loops\/)?build(-|$)/.test(path)) pending.push(path);
      } else if (isWanted(path)) {
        found.push(path);
      }
    }
  }
  return found.sort();
}

/** @param {string} path */
function readFolder(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

const nativeTest = /(_test\.(cc|list)$|^native\/(fuzz|testing)\/)/;
const ofLoops = /^native\/(loops\/|binding\/loops_addon)/;

/** @param {string} path */
function isNativeSource(path) {
  return /\.(cc|h|gyp|gypi|list)$/.test(path) && !nativeTest.test(path);
}

/** @param {string} root @returns {string[]} what the addon and the native programs are made of; their tests are not */
export function nativeSources(root) {
  return listFiles(root, ['native'], (path) => isNativeSource(path) && !ofLoops.test(path));
}

/** @param {string} root @returns {string[]} what the suites' loops are made of: their own files, and the engine's they measure */
export function loopSources(root) {
  const list = readLines(join(root, 'native', 'loops', 'loops.list'));
  return listFiles(root, ['native'], (path) => {
    if (!isNativeSource(path)) return false;
    return ofLoops.test(path) || path.endsWith('.h') || list.includes(path.slice('native/'.length));
  });
}

/** @param {string} file @returns {string[]} its lines, none when it is missing */
function readLines(file) {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

const typescriptFolders = ['core', 'suites', 'scenarios', 'reports', 'ci'];

/** @param {string} root @returns {string[]} */
export function typescriptSources(root) {
  const sources = listFiles(root, typescriptFolders, (path) => /\.m?ts$/.test(path));
  return ['package.json', 'tsconfig.json', ...sources];
}
