import { posix } from 'node:path';
import { withoutCommentsAndStrings } from './code-without-comments.js';
import { isTest, isTypescript } from './file-kinds.js';
import type { Finding, Rule } from './problem.js';
import { lineAt } from './source-lines.js';
import type { Tree } from './tree.js';

/** What a folder's files may import besides the files of that folder. */
const allowedImports: Record<string, RegExp> = {
  core: /^$/,
  // Suites are measured, judged and recorded by the scenarios' harness; its commands are not theirs, and of its arms only how they start.
  suites: /^(core|scenarios\/harness)\/|^scenarios\/arms\/registry\./,
  scenarios: /^core\//,
  // Pages are made from what was written: a run's record, a gate's verdict and its raw lines, with the gate's own statistics,
  // and the history of gates.
  reports:
    /^scenarios\/harness\/(record[./]|metrics\.)|^ci\/gate\/((output|statistics|testing|verdict)\/|invocation\/(gate-arms|gated-metrics|invocation-record|raw-file)\.|preflight\/noise-limits\.)|^ci\/history\/(history-(error|line|view))\.|^ci\/baseline-store\/promotion-history\./,
  // Judges by the statistics of the harness, measures through it and under its lock; what it starts, its commands say.
  ci: /^scenarios\/harness\//,
};

/** Command entry files put everything together, and nothing builds on them. */
const commandEntry = /(^|\/)commands\/[^/]+\.ts$/;

/** Matched where the contents of strings are blank, so that code quoted in a string is not taken for an import. */
const importSpecifier = /\b(?:from|import|import\s*\(|import\.meta\.resolve\s*\()\s*(['"])( +)\1/g;

interface Import {
  readonly line: number;
  readonly specifier: string;
}

function readImports(source: string): Import[] {
  const code = withoutCommentsAndStrings(source);
  return [...code.matchAll(importSpecifier)].map((match) => {
    const end = match.index + match[0].length - 1;
    return { line: lineAt(code, match.index), specifier: source.slice(end - match[2]!.length, end) };
  });
}

/** The source file a specifier names, relative to the root; undefined for packages. */
function resolveImport(tree: Tree, file: string, specifier: string): string | undefined {
  // The package's own name resolves to the built core, so it stands for its source here.
  if (specifier === 'msgtrans') return 'core/index.ts';
  if (!specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(file), specifier);
  const source = path.replace(/\.js$/, '.ts');
  return tree.exists(source) ? source : path;
}

function checkImport(tree: Tree, file: string, specifier: string): string | undefined {
  const path = resolveImport(tree, file, specifier);
  const folder = file.split('/')[0]!;
  if (path === undefined) {
    if (folder !== 'core' || specifier.startsWith('node:') || isTest(file)) return undefined;
    return `core is what users install, and has no dependencies: "${specifier}" is neither of Node.js nor of core`;
  }
  const isOwnTest = isTest(file) && posix.dirname(file) === posix.dirname(path);
  if (commandEntry.test(path) && !isOwnTest) {
    return `"${specifier}" is a command entry file, which nothing imports; move what is shared out of it`;
  }
  if (commandEntry.test(file) || path.startsWith(`${folder}/`)) return undefined;
  if (allowedImports[folder]!.test(path)) return undefined;
  return `${folder} may not import ${path}`;
}

function checkFile(tree: Tree, file: string): Finding[] {
  return readImports(tree.read(file)).flatMap(({ line, specifier }) => {
    const message = checkImport(tree, file, specifier);
    return message === undefined ? [] : [{ file, line, message }];
  });
}

/** Which part of the TypeScript may know which other. */
export const typescriptLayers: Rule = {
  name: 'typescript-layers',
  check: (tree) =>
    tree.files
      .filter((file) => isTypescript(file) && Object.hasOwn(allowedImports, file.split('/')[0]!))
      .flatMap((file) => checkFile(tree, file)),
};
