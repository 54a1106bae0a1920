/** Formatting and lint: Biome for TypeScript, JavaScript and JSON, the compiler for the JavaScript of the bootstrap. */
import { join } from 'node:path';
import { runTool } from './child.mjs';
import { projectRoot } from './project.mjs';

/** @param {string[]} parameters */
function biome(parameters) {
  const script = join(projectRoot, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  return runTool(process.execPath, [script, ...parameters], { cwd: projectRoot });
}

/** @param {string[]} parameters paths; the whole tree unless told */
export async function lintSources(parameters) {
  const style = await biome([
    'check',
    '--error-on-warnings',
    '--max-diagnostics=none',
    ...(parameters.length > 0 ? parameters : ['.']),
  ]);
  const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = await runTool(process.execPath, [compiler, '-p', 'ci/bootstrap/tsconfig.json'], {
    cwd: projectRoot,
  });
  return style || types;
}

/** @param {string[]} parameters paths; the whole tree unless told */
export function formatSources(parameters) {
  return biome(['check', '--write', ...(parameters.length > 0 ? parameters : ['.'])]);
}
