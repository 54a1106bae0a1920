import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadedSections } from './loaded-sections.js';
import { runtimeFiles } from './runtime-files.js';

/**
 * Whether two builds serve the same files, so that one cannot be slower than the other: a change of documents, tests or
 * tools alone needs no measuring.
 */
export function servesTheSame(oneDir: string, otherDir: string): boolean {
  const [one, other] = [oneDir, otherDir].map((folder) => runtimeFiles(folder));
  if (one.length !== other.length) return false;
  return one.every((path, index) => path === other[index] && digest(oneDir, path) === digest(otherDir, path));
}

/** Of a package.json only this decides how its files are loaded; scripts and tools change without the server noticing. */
const PACKAGE_FIELDS = ['name', 'type', 'main', 'exports', 'imports'];

function digest(rootDir: string, path: string): string {
  const content = readFileSync(join(rootDir, path));
  const hash = createHash('sha256');
  const sections = path.endsWith('.node') ? loadedSections(content) : null;
  if (sections !== null) {
    for (const { name, address, flags, bytes, content: loaded } of sections) {
      hash.update(`${name} ${address} ${flags} ${bytes} ${loaded === null}\n`);
      if (loaded !== null) hash.update(loaded);
    }
  } else if (path === 'package.json') {
    const fields = JSON.parse(content.toString('utf8')) as Record<string, unknown>;
    hash.update(JSON.stringify(PACKAGE_FIELDS.map((name) => fields[name] ?? null)));
  } else {
    hash.update(content);
  }
  return hash.digest('hex');
}
