/**
 * A small project of its own that the bootstrap can build for real: one native program, one TypeScript command, and
 * the packages of this checkout. For tests.
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from './project.mjs';

/** @param {string} source */
const bindingGyp = (source) =>
  `{ 'targets': [ { 'target_name': 'probe', 'type': 'executable', 'sources': [ '${source}' ] } ] }\n`;

/** Prints what it was given, then does what its first argument says. */
const scenarioCommand = `
const [action, value] = process.argv.slice(2);
console.log(JSON.stringify({ parameters: process.argv.slice(2), sample: process.env.SAMPLE ?? null }));
if (action === 'exit') process.exitCode = Number(value);
if (action === 'wait') {
  const timer = setInterval(() => {}, 1000);
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signals += 1;
      clearInterval(timer);
      setTimeout(() => {
        console.log(signal + ' ' + signals);
        process.exitCode = Number(value);
      }, 50);
    });
  }
  console.log('waiting');
}
`;

/** @param {string} root @param {Record<string, string>} files */
export function writeFiles(root, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** @returns {{ root: string, remove: () => void }} */
export function createSampleProject() {
  const root = mkdtempSync(join(tmpdir(), 'msgtrans-bootstrap-'));
  const bootstrap = join(root, 'ci', 'bootstrap');
  mkdirSync(bootstrap, { recursive: true });
  for (const name of readdirSync(join(projectRoot, 'ci', 'bootstrap'))) {
    if (name.endsWith('.mjs') && !name.endsWith('.test.mjs')) {
      copyFileSync(join(projectRoot, 'ci', 'bootstrap', name), join(bootstrap, name));
    }
  }
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json']) {
    copyFileSync(join(projectRoot, name), join(root, name));
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  writeFiles(root, {
    'native/binding.gyp': bindingGyp('probe.cc'),
    'native/loops/binding.gyp': bindingGyp('../probe.cc'),
    'native/probe.cc': 'int main() { return 0; }\n',
    'scenarios/commands/scenario.ts': scenarioCommand,
    'suites/commands/suite.ts': 'console.log(JSON.stringify(process.argv.slice(2)));\n',
  });
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/**
 * Starts `run.mjs` of a project as a process of its own.
 * @param {string} root
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [environment] added to this one; undefined takes a variable away
 */
export function startCommand(root, parameters, environment = {}) {
  const child = spawn(process.execPath, [join(root, 'ci', 'bootstrap', 'run.mjs'), ...parameters], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  /** @type {Promise<{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  /** @param {string} text resolves when the command has printed it @returns {Promise<void>} */
  const printed = (text) =>
    new Promise((resolve) => {
      const look = () => {
        if (stdout.includes(text)) resolve();
      };
      child.stdout.on('data', look);
      look();
    });
  return { child, ended, printed };
}

/**
 * @param {string} root
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function runSample(root, parameters, environment) {
  return startCommand(root, parameters, environment).ended;
}
