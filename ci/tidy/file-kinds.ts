/** Kinds of files by their path, as the rules need to tell them apart. */

export function isCpp(path: string): boolean {
  return /\.(cc|h)$/.test(path);
}

export function isTypescript(path: string): boolean {
  return /\.(ts|mts|mjs|js)$/.test(path);
}

export function isGenerated(path: string): boolean {
  return (
    /\.generated\.[a-z]+$/.test(path) ||
    path === 'scenarios/scenario.schema.json' ||
    path === 'package-lock.json'
  );
}

/** A test, or a file that only tests use. */
export function isTest(path: string): boolean {
  return /(\.test\.(ts|mjs)|_test\.(cc|h)|_fuzz\.cc)$/.test(path);
}

/** Code that a person reads and edits; markup, data and documents are not. */
export function isCode(path: string): boolean {
  return isCpp(path) || isTypescript(path) || /\.(hbs|css|gyp|gypi|sh|py)$/.test(path) || path === '.ci/run';
}

const binaryExtension = /\.(png|jpe?g|gif|webp|ico|bin|gz|node|woff2?)$/;

/** Text of our own making: results, licences and the package lock have other authors. */
export function isOwnText(path: string): boolean {
  if (binaryExtension.test(path) || path.startsWith('reports/published/')) return false;
  return path !== 'LICENSE' && path !== 'package-lock.json' && !/(^|\/)corpus\//.test(path);
}
