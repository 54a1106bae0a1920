/**
 * Remembers what a build was made from, to skip it while nothing changed.
 *
 * Sizes and modification times answer in milliseconds. Where only times differ (a fresh checkout, a branch visited
 * and left again) the contents are hashed, and equal contents renew the stamp. A stamp that cannot be read, or that
 * names outputs which are gone or have another size, counts as no stamp.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Inputs
 * @property {string} root
 * @property {string[]} files relative to the root
 * @property {string} key what else the result depends on, such as the processor architecture
 */
/** @typedef {[path: string, size: number, mtimeMs: number]} FileState */
/**
 * @typedef {object} Stamp
 * @property {string} key
 * @property {string} hash
 * @property {FileState[]} files
 * @property {[path: string, size: number][]} outputs
 */

/**
 * @param {string} root
 * @param {string} path
 * @returns {FileState}
 */
function stateOf(root, path) {
  const entry = statSync(join(root, path), { throwIfNoEntry: false });
  return entry === undefined ? [path, -1, 0] : [path, entry.size, entry.mtimeMs];
}

/** @param {Inputs} inputs */
function hashOf(inputs) {
  const hash = createHash('sha256');
  for (const path of inputs.files) {
    hash.update(path).update('\0');
    const full = join(inputs.root, path);
    if (statSync(full, { throwIfNoEntry: false })) hash.update(readFileSync(full));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/**
 * @param {string} stampFile
 * @returns {Stamp | undefined}
 */
export function readStamp(stampFile) {
  try {
    const stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
    const isWhole =
      typeof stamp.key === 'string' && Array.isArray(stamp.files) && Array.isArray(stamp.outputs);
    return isWhole ? stamp : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} stampFile
 * @param {Stamp} stamp
 */
function saveStamp(stampFile, stamp) {
  // Written aside and renamed, so that an interrupted write leaves the older stamp.
  const aside = `${stampFile}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(stamp));
  renameSync(aside, stampFile);
}

/**
 * What is being built from, taken before the build so that an edit made while it runs leaves the stamp stale.
 * @param {Inputs} inputs
 */
export function takeSnapshot(inputs) {
  return {
    key: inputs.key,
    hash: hashOf(inputs),
    files: inputs.files.map((path) => stateOf(inputs.root, path)),
  };
}

/**
 * @param {string} stampFile
 * @param {string} root
 * @param {ReturnType<typeof takeSnapshot>} snapshot
 * @param {string[]} outputs relative to the root
 */
export function writeStamp(stampFile, root, snapshot, outputs) {
  const states = outputs.map((path) => /** @type {[string, number]} */ (stateOf(root, path).slice(0, 2)));
  saveStamp(stampFile, { ...snapshot, outputs: states });
}

/**
 * @param {string} root
 * @param {Stamp | undefined} stamp
 * @returns {boolean} whether everything that the build wrote is still there, by size
 */
export function areOutputsWhole(root, stamp) {
  return stamp?.outputs.every(([path, size]) => stateOf(root, path)[1] === size) ?? false;
}

/**
 * @param {string} stampFile
 * @param {Inputs} inputs
 * @returns {boolean} whether the last build still stands for these inputs
 */
export function isFresh(stampFile, inputs) {
  const stamp = readStamp(stampFile);
  if (stamp === undefined || stamp.key !== inputs.key || stamp.files.length !== inputs.files.length)
    return false;
  if (!areOutputsWhole(inputs.root, stamp)) return false;
  let isTouched = false;
  const states = inputs.files.map((path) => stateOf(inputs.root, path));
  for (const [index, [path, size, mtimeMs]] of states.entries()) {
    const [oldPath, oldSize, oldMtimeMs] = stamp.files[index] ?? ['', -1, 0];
    if (path !== oldPath || size !== oldSize) return false;
    if (mtimeMs !== oldMtimeMs) isTouched = true;
  }
  if (!isTouched) return true;
  if (hashOf(inputs) !== stamp.hash) return false;
  saveStamp(stampFile, { ...stamp, files: states });
  return true;
}
