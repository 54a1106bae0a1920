import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { areDependenciesFresh } from './dependencies.mjs';
import { createSampleProject, runSample, writeFiles } from './sample-project.mjs';

/** @param {Record<string, object>} packages */
const lockFile = (packages) => JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } });

describe('areDependenciesFresh', () => {
  /** @type {string} */
  let root;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'msgtrans-dependencies-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** @param {Record<string, object>} locked @param {Record<string, object> | undefined} installed */
  const isFresh = (locked, installed) => {
    writeFiles(root, { 'package-lock.json': lockFile(locked) });
    if (installed) writeFiles(root, { 'node_modules/.package-lock.json': lockFile(installed) });
    return areDependenciesFresh(root);
  };
  const zod = { 'node_modules/zod': { version: '4.6.7' } };

  test('the same versions are', () => expect(isFresh(zod, zod)).toBe(true));
  test('nothing installed is not', () => expect(isFresh(zod, undefined)).toBe(false));
  test('another version is not', () =>
    expect(isFresh(zod, { 'node_modules/zod': { version: '3.0.0' } })).toBe(false));
  test('a missing package is not, unless it is optional', () => {
    expect(isFresh(zod, {})).toBe(false);
    expect(isFresh({ 'node_modules/zod': { version: '4.6.7', optional: true } }, {})).toBe(true);
  });
});

describe('a checkout without packages', () => {
  /** @type {ReturnType<typeof createSampleProject>} */
  let project;
  beforeEach(() => {
    project = createSampleProject();
    rmSync(join(project.root, 'node_modules'));
    writeFiles(project.root, { 'package-lock.json': lockFile({ 'node_modules/zod': { version: '4.6.7' } }) });
  });
  afterEach(() => project.remove());

  /** @param {string} body of the program that stands in for npm */
  const runWithNpm = (body) => {
    writeFiles(project.root, { 'fake/npm-cli.js': body });
    return runSample(project.root, ['lint'], {
      npm_execpath: join(project.root, 'fake/npm-cli.js'),
      HOME: '/nonexistent',
    });
  };

  test('installs with the npm that started it, developer packages included, into a home that can be written', async () => {
    const { stderr } = await runWithNpm(`
      import { mkdirSync, copyFileSync, writeFileSync } from 'node:fs';
      mkdirSync('node_modules');
      copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
      writeFileSync('node_modules/how.json', JSON.stringify([process.argv.slice(2), process.env.HOME]));`);
    expect(stderr).toMatch(/^installing dependencies…\n/);
    const [parameters, home] = JSON.parse(readFileSync(join(project.root, 'node_modules/how.json'), 'utf8'));
    expect(parameters).toEqual(expect.arrayContaining(['ci', '--include=dev', '--ignore-scripts']));
    expect(home).toBe(join(project.root, 'dist/.bootstrap/home'));
  });

  test('shows why npm failed, and what to do', async () => {
    const { code, stderr } = await runWithNpm(
      'console.error("npm error network is gone"); process.exitCode = 7;',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('npm error network is gone');
    expect(stderr).toMatch(
      /npm ci failed with exit code 7; the whole log is in .*npm-ci\.log\.\nCheck the network/,
    );
  });

  test('does not believe an installation that installed nothing', async () => {
    const { code, stderr } = await runWithNpm('');
    expect(code).toBe(1);
    expect(stderr).toContain('delete node_modules and run the command again');
  });
});
