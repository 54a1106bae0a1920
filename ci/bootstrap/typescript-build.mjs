/** Compiles the TypeScript to `dist/` when its sources changed. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { runBuildStep } from './child.mjs';
import { buildEnvironment, say, statePath } from './project.mjs';
import { typescriptSources } from './source-files.mjs';
import { areOutputsWhole, isFresh, readStamp, takeSnapshot, writeStamp } from './stamp.mjs';

/** @param {string} root */
function inputsOf(root) {
  return { root, files: typescriptSources(root), key: 'tsc' };
}

/** @param {string} source a path that ends in `.ts` */
function outputOf(source) {
  return `dist/${source.slice(0, -'.ts'.length)}.js`;
}

/** @param {string} path */
function isCompiled(path) {
  return path.endsWith('.ts') && !path.endsWith('.d.ts');
}

/**
 * The compiler leaves the output of a deleted source where it is, and a program could go on importing it.
 * @param {string} root
 * @param {string[]} before
 * @param {string[]} now
 */
function removeOrphans(root, before, now) {
  const present = new Set(now);
  for (const source of before.filter((path) => isCompiled(path) && !present.has(path))) {
    const stem = outputOf(source).slice(0, -'.js'.length);
    for (const extension of ['.js', '.js.map', '.d.ts'])
      rmSync(join(root, stem + extension), { force: true });
  }
}

/** @param {string} root */
export async function buildTypescript(root) {
  const stampFile = statePath('typescript.json');
  if (isFresh(stampFile, inputsOf(root))) return;
  await withBuildLock(root, async () => {
    const inputs = inputsOf(root);
    if (isFresh(stampFile, inputs)) return;
    const snapshot = takeSnapshot(inputs);
    const lastBuild = readStamp(stampFile);
    // The compiler's own record would keep it from writing outputs that are missing or damaged.
    if (!areOutputsWhole(root, lastBuild)) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
    say('compiling TypeScript…');
    await runBuildStep({
      name: 'tsc',
      command: process.execPath,
      parameters: [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
      cwd: root,
      environment: buildEnvironment(),
      logFile: statePath('typescript-build.log'),
      nextStep:
        'Mend what the compiler names above and run the command again; `npx tsc --noEmit` repeats the check alone.',
    });
    removeOrphans(
      root,
      (lastBuild?.files ?? []).map(([path]) => path),
      inputs.files,
    );
    writeStamp(stampFile, root, snapshot, inputs.files.filter(isCompiled).map(outputOf));
  });
}
