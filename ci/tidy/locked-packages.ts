import type { Rule } from './problem.js';
import { lineAt } from './source-lines.js';

interface LockedPackage {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const lockFile = 'package-lock.json';

/** Where Node.js would look for a package, from the innermost folder outwards. */
function candidates(from: string, name: string): string[] {
  const folders = from.split('/node_modules/');
  return folders.map((_, depth) => {
    const inside = folders.slice(0, folders.length - depth).join('/node_modules/');
    return `${inside}/node_modules/${name}`;
  });
}

/**
 * The lock names every package that a locked one may need, binaries for other processors and systems included: npm
 * leaves out what its registry does not have, and a clean installation elsewhere then refuses the lock.
 */
export const lockedPackages: Rule = {
  name: 'locked-packages',
  check(tree) {
    if (!tree.files.includes(lockFile)) return [];
    const text = tree.read(lockFile);
    const packages: Record<string, LockedPackage> = JSON.parse(text).packages ?? {};
    return Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter(
          (name) => ![...candidates(path, name), `node_modules/${name}`].some((place) => place in packages),
        )
        .map((name) => ({
          file: lockFile,
          line: lineAt(text, Math.max(0, text.indexOf(`"${path}": {`))),
          message: `${path} may need ${name}, which is not in the lock: npm ci refuses it on a clean machine`,
        })),
    );
  },
};
