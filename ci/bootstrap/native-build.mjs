/** Builds the addon and the native programs, and apart from them the suites' loops, with node-gyp when sources changed. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { runBuildStep } from './child.mjs';
import { libcProblem } from './platform.mjs';
import { buildEnvironment, SetupError, say, statePath } from './project.mjs';
import { installedRivals } from './rival-libraries.mjs';
import { loopSources, nativeSources } from './source-files.mjs';
import { areOutputsWhole, isFresh, readStamp, takeSnapshot, writeStamp } from './stamp.mjs';
import { toolchainProblem } from './toolchain.mjs';

/**
 * @typedef {object} GypBuild
 * @property {string} folder with the binding.gyp, relative to the root
 * @property {string} name of its stamp and log
 * @property {string} what is said to be built
 * @property {(root: string) => string[]} sources
 * @property {() => string} surroundings what else decides how it is built
 */

/** @type {GypBuild} */
const engine = {
  folder: 'native',
  name: 'native',
  what: 'the native engine',
  sources: nativeSources,
  surroundings: () => '',
};

/** @type {GypBuild} */
const loops = {
  folder: 'native/loops',
  name: 'loops',
  what: "the suites' loops",
  sources: loopSources,
  // A rival that was installed since has to be compiled in.
  surroundings: () => ` rivals ${installedRivals().map(({ header }) => header)}`,
};

/**
 * @param {string} root
 * @param {GypBuild} build
 */
function inputsOf(root, build) {
  const addonApi = join(root, 'node_modules', 'node-addon-api', 'package.json');
  const addonApiVersion = existsSync(addonApi) ? JSON.parse(readFileSync(addonApi, 'utf8')).version : 'none';
  const key = `${process.arch} node-addon-api ${addonApiVersion}${build.surroundings()}`;
  return { root, files: build.sources(root), key };
}

/**
 * The headers that came with this Node.js; without them node-gyp would download others.
 * @returns {string[]}
 */
function headerOptions() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/**
 * @param {string} root
 * @param {GypBuild} build
 */
function builtFiles(root, build) {
  const outputFolder = `${build.folder}/build/Release`;
  return readdirSync(join(root, outputFolder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(a|mk|d|o)$/.test(entry.name))
    .map((entry) => `${outputFolder}/${entry.name}`);
}

/** @param {string} root */
export async function buildNative(root) {
  await buildWithNodeGyp(root, engine);
}

/** The addon of `suites/`; users of the product never need it. @param {string} root */
export async function buildLoops(root) {
  await buildWithNodeGyp(root, loops);
}

/**
 * @param {string} root
 * @param {GypBuild} build
 */
async function buildWithNodeGyp(root, build) {
  const stampFile = statePath(`${build.name}.json`);
  if (isFresh(stampFile, inputsOf(root, build))) return;
  const problem = libcProblem() ?? toolchainProblem();
  if (problem !== undefined) throw new SetupError(problem);
  await withBuildLock(root, async () => {
    const inputs = inputsOf(root, build);
    if (isFresh(stampFile, inputs)) return;
    const snapshot = takeSnapshot(inputs);
    // make judges by times alone, so outputs that are damaged or of unknown origin would stay as they are.
    const isTrusted = areOutputsWhole(root, readStamp(stampFile));
    if (!isTrusted) rmSync(join(root, build.folder, 'build'), { recursive: true, force: true });
    say(`building ${build.what}…`);
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
      cwd: join(root, build.folder),
      environment: { ...environment, JOBS: environment.JOBS ?? 'max' },
      logFile: statePath(`${build.name}-build.log`),
      nextStep:
        'Mend what the compiler names above and run the command again; `npm run build` repeats this step alone.',
    });
    writeStamp(stampFile, root, snapshot, builtFiles(root, build));
  });
}
