/**
 * `npm run prove`: the lock-free structures under Relacy's model of C++ memory, the mutants that show that those models
 * would notice, and the proofs that are programs of their own. A model is `native/proofs/*_model.cc`; its first line says
 * which headers it proves.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { instrument, keyOf, provenFiles, readSurvivors } from './mutants.mjs';
import { binaryFolder, buildPreset, jobCount } from './native-checks.mjs';
import { projectRoot, SetupError, say, statePath } from './project.mjs';
import { proofPrograms, runProofProgram } from './proof-programs.mjs';
import { listFiles } from './source-files.mjs';

/** @typedef {import('./mutants.mjs').Mutant} Mutant */
/** @typedef {{ name: string, files: string[] }} Model */
/** @typedef {{ binary: string, mutants: Mutant[] }} MutableModel */

const nativeFolder = join(projectRoot, 'native');
const kinds = ['relacy', 'mutants', ...Object.keys(proofPrograms)];
/**
 * What fits before a merge; by hand, a million and more. A mutant that is killed is so within a few schedules, nearly
 * always, and one that survives costs all of them.
 */
const schedulesUnlessTold = { relacy: 100_000, mutants: 20_000 };

/** A mutant can corrupt a list so that a thread follows it for ever, which Relacy cannot interrupt. */
const mutantTimeoutMs = 600_000;

/** @param {string} root @returns {Model[]} */
export function findModels(root) {
  return listFiles(root, ['native/proofs'], (path) => path.endsWith('_model.cc')).map((path) => ({
    name: basename(path, '.cc'),
    files: provenFiles(readFileSync(join(root, path), 'utf8')),
  }));
}

/**
 * @param {string[]} parameters
 * @param {string[]} models
 * @returns {{ kinds: string[], models: string[], schedules: { relacy: number, mutants: number }, count?: number }}
 */
export function readProofOptions(parameters, models) {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: { schedules: { type: 'string' }, count: { type: 'string' } },
    });
    const told = Number(values.schedules ?? 1);
    if (!Number.isSafeInteger(told) || told < 1) throw new Error('--schedules is not a positive number');
    const count = values.count === undefined ? undefined : Number(values.count);
    if (count !== undefined && (!Number.isSafeInteger(count) || count < 1))
      throw new Error('--count is not a positive number');
    const schedules = values.schedules === undefined ? schedulesUnlessTold : { relacy: told, mutants: told };
    const strangers = positionals.filter((word) => !kinds.includes(word) && !models.includes(word));
    if (strangers.length > 0) throw new Error(`there is no proof ${strangers.join(', ')}`);
    /** @param {string[]} known */
    const chosen = (known) => {
      const named = known.filter((word) => positionals.includes(word));
      return named.length > 0 ? named : known;
    };
    // Naming a model asks for its schedules and mutants, not for the programs.
    const ofModels =
      positionals.some((word) => models.includes(word)) && !positionals.some((word) => kinds.includes(word));
    return {
      kinds: ofModels ? ['relacy', 'mutants'] : chosen(kinds),
      models: chosen(models),
      schedules,
      count,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `${why}; usage: npm run prove -- [${kinds.join('|')}] [--schedules N] [--count N] [${models.join('|')}]`,
    );
  }
}

/**
 * @param {string} command
 * @param {string[]} parameters
 * @param {number} [timeoutMs] after which it is ended, and has not held
 * @returns {Promise<{ held: boolean, usage: boolean, output: string }>} `usage`: the program did not know what to do
 */
function run(command, parameters, timeoutMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let output = '';
    /** @param {Buffer} data */
    const keep = (data) => {
      output = (output + data).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ held: code === 0, usage: code === 2, output }));
  });
}

/**
 * @template T, R
 * @param {T[]} work
 * @param {(one: T) => Promise<R>} act
 * @returns {Promise<R[]>} in the order of `work`
 */
async function inParallel(work, act) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const take = async () => {
    for (let i = next++; i < work.length; i = next++) results[i] = await act(/** @type {T} */ (work[i]));
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(jobCount())) }, take));
  return results;
}

/**
 * The models on the headers as they are.
 * @param {Model[]} models
 * @param {number} schedules
 * @returns {Promise<boolean>}
 */
async function proveModels(models, schedules) {
  await buildPreset('release', ['proofs']);
  const results = await inParallel(models, async ({ name }) => {
    const { held, output } = await run(join(binaryFolder('release'), name), ['--schedules', `${schedules}`]);
    say(held ? `${name}: ${schedules} schedules each held` : `${name} does not hold:\n${output}`);
    return held;
  });
  const passed = results.filter(Boolean).length;
  console.log(`relacy: ${passed} passed, ${results.length - passed} failed`);
  return passed === results.length;
}

/**
 * @param {Model} model
 * @returns {Promise<MutableModel>} compiled with copies of its headers that a mutant can be chosen in
 */
async function buildMutableModel({ name, files }) {
  const folder = statePath(`mutants/${name}`);
  rmSync(folder, { recursive: true, force: true });
  /** @type {Mutant[]} */
  const mutants = [];
  let nextSite = 0;
  for (const file of files) {
    const copy = instrument(file, readFileSync(join(nativeFolder, file), 'utf8'), nextSite);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), copy.source);
    mutants.push(...copy.mutants);
    nextSite = copy.nextSite;
  }
  const binary = join(folder, name);
  const flags = ['-std=c++20', '-O1', '-w', '-U_FORTIFY_SOURCE', `-I${folder}`, `-I${nativeFolder}`];
  // The copies come first in the include path; every include of ours is written from native/ on.
  const source = join(nativeFolder, 'proofs', `${name}.cc`);
  const { held, output } = await run(process.env.CXX ?? 'g++', [...flags, source, '-o', binary]);
  if (!held) throw new SetupError(`${name} does not compile with instrumented headers:\n${output}`);
  return { binary, mutants };
}

/**
 * The models on weakened headers: each mutant has to break one of the models that prove its file, or to be listed in
 * `native/proofs/survivors.txt`; and what is listed has to survive.
 * @param {Model[]} models
 * @param {number} schedules
 * @returns {Promise<boolean>}
 */
async function killMutants(models, schedules) {
  say(`building ${models.length} models with instrumented headers…`);
  const built = await inParallel(models, buildMutableModel);
  /** @type {Map<string, { mutant: Mutant, runs: { binary: string, mutant: Mutant }[] }>} */
  const byKey = new Map();
  for (const { binary, mutants } of built) {
    for (const mutant of mutants) {
      const key = `${keyOf(mutant)} | ${mutant.line}`;
      const entry = byKey.get(key) ?? { mutant, runs: [] };
      entry.runs.push({ binary, mutant });
      byKey.set(key, entry);
    }
  }
  const survivors = new Map(
    readSurvivors(readFileSync(join(nativeFolder, 'proofs', 'survivors.txt'), 'utf8')).map((one) => [
      keyOf(one),
      one,
    ]),
  );
  const verdicts = await inParallel([...byKey.values()], async ({ mutant, runs }) => {
    const where = `native/${mutant.file}:${mutant.line}: ${mutant.change}: ${mutant.text}`;
    const isListed = survivors.has(keyOf(mutant));
    const isKilled = await isKilledBy(runs, schedules);
    if (isKilled === isListed)
      say(isKilled ? `listed as a survivor, but killed: ${where}` : `survived: ${where}`);
    return isKilled !== isListed;
  });
  const passed = verdicts.filter(Boolean).length;
  console.log(`mutants: ${passed} passed, ${verdicts.length - passed} failed`);
  return passed === verdicts.length;
}

/**
 * @param {{ binary: string, mutant: Mutant }[]} runs
 * @param {number} schedules
 */
async function isKilledBy(runs, schedules) {
  for (const { binary, mutant } of runs) {
    const choice = ['--mutate', `${mutant.site}`, mutant.order];
    const result = await run(binary, ['--schedules', `${schedules}`, ...choice], mutantTimeoutMs);
    if (result.usage) throw new SetupError(`${binary} does not know ${choice.join(' ')}:\n${result.output}`);
    if (!result.held) return true;
  }
  return false;
}

/** Whether the models can be built. */
export function hasRelacy() {
  return existsSync('/usr/include/relacy/relacy.hpp');
}

/** @param {string[]} parameters */
export async function runProofs(parameters) {
  if (!hasRelacy())
    throw new SetupError('The proofs need Relacy; on Debian or Ubuntu run: apt-get install -y relacy-dev');
  const known = findModels(projectRoot);
  const options = readProofOptions(
    parameters,
    known.map(({ name }) => name),
  );
  const models = known.filter(({ name }) => options.models.includes(name));
  let holds = true;
  if (options.kinds.includes('relacy'))
    holds = (await proveModels(models, options.schedules.relacy)) && holds;
  if (options.kinds.includes('mutants'))
    holds = (await killMutants(models, options.schedules.mutants)) && holds;
  for (const target of Object.keys(proofPrograms)) {
    if (options.kinds.includes(target)) holds = (await runProofProgram(target, options.count)) && holds;
  }
  return holds ? 0 : 1;
}
