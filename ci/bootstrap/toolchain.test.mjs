import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilerProblem, toolchainProblem } from './toolchain.mjs';

/** @type {string} */
let folder;
/** @param {string} name @param {string} text */
function install(name, text = '') {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-toolchain-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('names what is missing, and only that, with one line that installs it', () => {
  install('python3');
  expect(toolchainProblem({ PATH: folder })).toBe(
    'Building the native engine needs make and g++, which are not installed; on Debian or Ubuntu run: apt-get install -y python3 make g++',
  );
  install('make');
  expect(toolchainProblem({ PATH: folder })).toMatch(/needs g\+\+, which is not installed/);
});

test('a compiler without C++20 is too old', () => {
  install('python3');
  install('make');
  install('g++', 'echo 11');
  expect(toolchainProblem({ PATH: folder })).toMatch(/g\+\+ is version 11; .*apt-get install/);
  install('g++', 'echo 12.2.0');
  expect(toolchainProblem({ PATH: folder })).toBeUndefined();
});

test('CXX names another compiler', () => {
  install('clang++-16', 'echo 16.0.6');
  expect(toolchainProblem({ PATH: folder, CXX: 'clang++-16' })).toBeUndefined();
  expect(toolchainProblem({ PATH: folder, CXX: 'icpx' })).toMatch(/needs icpx/);
  expect(compilerProblem('clang++', '13.0.1')).toBeDefined();
  expect(compilerProblem('g++', '')).toMatch(/version unknown/);
});
