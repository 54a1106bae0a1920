import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { ReportError } from '../record-file/report-error.js';

const IMPORT = /^import \{([^}]*)\} from ['"](\.[^'"]+)['"];$/gm;
const EXPORTED = /^export (?:async )?(?:function|const|let|class) (\w+)/gm;
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*$/gm;

/**
 * Joins an ES module and what it imports, as the TypeScript compiler wrote them, into one classic script:
 * each module becomes a function scope, so that names cannot clash. A page opened from a disk may not load
 * modules, and one script needs one hash in the content security policy.
 *
 * Knows named relative imports and exported declarations, which is all that the client uses; anything else
 * is refused rather than dropped.
 *
 * @param entry path of the compiled entry module
 * @throws ReportError `ERR_REPORT_ASSET` when a module is missing or uses another form
 */
export async function inlineModules(entry: string): Promise<string> {
  const bodies = new Map<string, string>();
  const root = dirname(dirname(entry));
  await collect(entry, root, bodies, []);
  return `(() => {\n'use strict';\nconst modules = {};\n${[...bodies.values()].join('')}})();\n`;
}

async function collect(
  path: string,
  root: string,
  bodies: Map<string, string>,
  parents: string[],
): Promise<void> {
  if (bodies.has(path)) return;
  if (parents.includes(path)) {
    throw new ReportError('ERR_REPORT_ASSET', `${path} imports itself by way of ${parents.join(', ')}.`);
  }
  const source = (await readModule(path)).replace(SOURCE_MAP, '');
  const imports = [...source.matchAll(IMPORT)].map(([statement, names, from]) => ({
    statement: statement!,
    names: names!.replaceAll(' as ', ': ').trim(),
    path: resolve(dirname(path), from!),
  }));
  for (const imported of imports) await collect(imported.path, root, bodies, [...parents, path]);
  let body = source;
  for (const { statement, names, path: from } of imports) {
    body = body.replace(statement, () => `const { ${names} } = modules[${keyOf(from, root)}];`);
  }
  const exported = [...body.matchAll(EXPORTED)].map((match) => match[1]!);
  body = body
    .replace(/^export (?=(?:async )?(?:function|const|let|class) )/gm, '')
    .replace(/^export \{ ?\};?$/gm, '');
  const left = /^(?:import|export)\b.*$/m.exec(body);
  if (left) {
    throw new ReportError(
      'ERR_REPORT_ASSET',
      `${path}: cannot inline "${left[0]}"; use named imports and exported declarations.`,
    );
  }
  bodies.set(
    path,
    `modules[${keyOf(path, root)}] = (() => {\n${body.trim()}\nreturn { ${exported.join(', ')} };\n})();\n`,
  );
}

/** Relative, so that the page does not depend on where the package lies. */
function keyOf(path: string, root: string): string {
  return JSON.stringify(relative(root, path).replaceAll('\\', '/'));
}

async function readModule(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ReportError(
      'ERR_REPORT_ASSET',
      `${path} is missing: the scripts of the report are not built. Run \`npm run build\`.`,
      { cause: error },
    );
  }
}

/** The compiled client of this package. */
export function clientEntry(packageRoot: string): string {
  return join(packageRoot, 'dist', 'reports', 'client', 'main.js');
}
