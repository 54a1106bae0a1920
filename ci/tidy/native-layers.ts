import { posix } from 'node:path';
import { isCpp, isTest } from './file-kinds.js';
import type { Finding, Rule } from './problem.js';
import type { Tree } from './tree.js';

/** A layer includes only those left of it, and itself. */
const layers = ['base', 'sync', 'memory', 'topology', 'io', 'protocol', 'session', 'binding'];
/** Executables, built from any layer but the binding, which needs a JavaScript engine around it. */
const programs = 'programs';
/** Fuzzers, models and what tests bring along drive what they test; like programs they are included by none of it. */
const testFolders = ['fuzz', 'proofs', 'testing'];
/** What the suites measure in C++: drives any layer but the binding, whose one file for them hands the loops to JavaScript. */
const loops = 'loops';
const loopsAddon = 'native/binding/loops_addon.cc';
/** The measured limit must be free of the engine it is the limit of. */
const limitServer = /^native\/programs\/limit[^/]*(\/|\.|_)/;
const limitHighestLayer = 'protocol';

const javascriptHeaders =
  /^(napi|node_api|js_native_api|node_api_types|js_native_api_types|node|uv|v8)(-inl)?\.h$|^uv\//;
const includeLine = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/;

interface Include {
  readonly line: number;
  readonly header: string;
  readonly isQuoted: boolean;
}

function readIncludes(tree: Tree, file: string): Include[] {
  return tree
    .read(file)
    .split('\n')
    .flatMap((text, index) => {
      const [, quote, header] = text.match(includeLine) ?? [];
      return header === undefined ? [] : [{ line: index + 1, header, isQuoted: quote === '"' }];
    });
}

/** The path of an included file of ours: beside the including file, else from `native/`. */
function resolveInclude(tree: Tree, file: string, header: string): string | undefined {
  const candidates = [posix.join(posix.dirname(file), header), posix.join('native', header)];
  return candidates.find((path) => tree.exists(path)) ?? (header.includes('/') ? candidates[1] : undefined);
}

function folderOf(path: string): string {
  const [root, folder, ...rest] = path.split('/');
  return root === 'native' && rest.length > 0 ? folder! : '';
}

function layersAllowed(file: string): string[] {
  const folder = folderOf(file);
  if (limitServer.test(file)) return [...layers.slice(0, layers.indexOf(limitHighestLayer) + 1), programs];
  if (folder === programs) return [...layers.slice(0, -1), programs];
  if (testFolders.includes(folder) || folder === loops) return [...layers.slice(0, -1), folder];
  if (file === loopsAddon) return [...layers, loops];
  return layers.slice(0, layers.indexOf(folder) + 1);
}

function checkInclude(tree: Tree, file: string, include: Include): string | undefined {
  if (javascriptHeaders.test(include.header) && !include.isQuoted) {
    return folderOf(file) === 'binding'
      ? undefined
      : `<${include.header}> belongs into native/binding/ alone`;
  }
  if (!include.isQuoted) return undefined;
  if (javascriptHeaders.test(include.header)) {
    return `write <${include.header}>: quotes are for headers of this project`;
  }
  const path = resolveInclude(tree, file, include.header);
  if (path === undefined) return undefined;
  const target = folderOf(path);
  if (layersAllowed(file).includes(target)) return undefined;
  return `native/${folderOf(file)} may not include "${include.header}": allowed are ${layersAllowed(file).join(', ')}`;
}

/** What the limit server pulls in through other files of `programs/` counts as its own. */
function checkLimitClosure(tree: Tree, file: string): Finding[] {
  const found: Finding[] = [];
  const seen = new Set<string>();
  const pending = readIncludes(tree, file).map((include) => ({ include, from: file, origin: include }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const path = next.include.isQuoted ? resolveInclude(tree, next.from, next.include.header) : undefined;
    if (path === undefined || seen.has(path) || !tree.exists(path)) continue;
    seen.add(path);
    const { origin } = next;
    if (next.from !== file && ['session', 'binding'].includes(folderOf(path))) {
      const message = `the limit server reaches ${path} through "${origin.header}"; it may use none above ${limitHighestLayer}`;
      found.push({ file, line: origin.line, message });
    } else if (folderOf(path) === programs) {
      pending.push(...readIncludes(tree, path).map((include) => ({ include, from: path, origin })));
    }
  }
  return found;
}

function checkFile(tree: Tree, file: string): Finding[] {
  const folder = folderOf(file);
  if (![...layers, programs, loops, ...testFolders].includes(folder)) {
    const message = `"${folder}" is not a layer: ${layers.join(' < ')}, ${[programs, loops, ...testFolders].join(', ')}`;
    return [{ file, line: 1, message }];
  }
  const direct = readIncludes(tree, file).flatMap((include) => {
    const message = checkInclude(tree, file, include);
    return message === undefined ? [] : [{ file, line: include.line, message }];
  });
  return limitServer.test(file) ? [...direct, ...checkLimitClosure(tree, file)] : direct;
}

/** The engine's layers point one way. */
export const nativeLayers: Rule = {
  name: 'native-layers',
  check: (tree) =>
    tree.files
      .filter((file) => file.startsWith('native/') && isCpp(file))
      .filter((file) => !(isTest(file) && folderOf(file) === ''))
      .flatMap((file) => checkFile(tree, file)),
};
