/** Builds the addon and the native programs with node-gyp when their sources changed. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { runBuildStep } from './child.mjs';
import { libcProblem } from './platform.mjs';
import { buildEnvironment, SetupError, say, statePath } from './project.mjs';
import { nativeSources } from './source-files.mjs';
import { areOutputsWhole, isFresh, readStamp, takeSnapshot, writeStamp } from './stamp.mjs';
import { toolchainProblem } from './toolchain.mjs';

const outputFolder = 'native/build/Release';

/** @param {string} root */
function inputsOf(root) {
  const addonApi = join(root, 'node_modules', 'node-addon-api', 'package.json');
  const addonApiVersion = existsSync(addonApi) ? JSON.parse(readFileSync(addonApi, 'utf8')).version : 'none';
  return { root, files: nativeSources(root), key: `${process.arch} node-addon-api ${addonApiVersion}` };
}

/**
 * The headers that came with this Node.js; without them node-gyp would download others.
 * @returns {string[]}
 */
function headerOptions() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** @param {string} root */
function builtFiles(root) {
  return readdirSync(join(root, outputFolder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(a|mk|d|o)$/.test(entry.name))
    .map((entry) => `${outputFolder}/${entry.name}`);
}

/** @param {string} root */
export async function buildNative(root) {
  const stampFile = statePath('native.json');
  if (isFresh(stampFile, inputsOf(root))) return;
  const problem = libcProblem() ?? toolchainProblem();
  if (problem !== undefined) throw new SetupError(problem);
  await withBuildLock(root, async () => {
    const inputs = inputsOf(root);
    if (isFresh(stampFile, inputs)) return;
    const snapshot = takeSnapshot(inputs);
    // make judges by times alone, so outputs that are damaged or of unknown origin would stay as they are.
    const isTrusted = areOutputsWhole(root, readStamp(stampFile));
    if (!isTrusted) rmSync(join(root, 'native', 'build'), { recursive: true, force: true });
    say('building the native engine…');
    const environment = buildEnvironment();
    await runBuildStep({
      name: 'node-gyp',
      command: process.execPath,
      parameters: [
        join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
        'configure',
        'build',
        '--loglevel=warn',
        ...headerOptions(),
      ],
      cwd: join(root, 'native'),
      environment: { ...environment, JOBS: environment.JOBS ?? 'max' },
      logFile: statePath('native-build.log'),
      nextStep:
        'Mend what the compiler names above and run the command again; `npm run build` repeats this step alone.',
    });
    writeStamp(stampFile, root, snapshot, builtFiles(root));
  });
}
