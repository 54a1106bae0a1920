import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareVersions, hostProblem, libcProblem, nodeFloor } from './platform.mjs';
import { projectRoot } from './project.mjs';

const host = { platform: 'linux', architecture: 'x64', nodeVersion: nodeFloor };

describe('hostProblem', () => {
  test('accepts Linux on x64 and arm64 from the floor on', () => {
    expect(hostProblem(host)).toBeUndefined();
    expect(hostProblem({ ...host, architecture: 'arm64', nodeVersion: '24.1.0' })).toBeUndefined();
  });

  test('names the system it cannot run on', () => {
    expect(hostProblem({ ...host, platform: 'darwin' })).toMatch(
      /^msgtrans runs on Linux .*this is darwin x64\.$/,
    );
    expect(hostProblem({ ...host, architecture: 'ia32' })).toMatch(/this is linux ia32/);
  });

  test('names the Node.js that is too old and the one that is needed', () => {
    expect(hostProblem({ ...host, nodeVersion: '20.16.9' })).toMatch(
      /needs Node\.js 20\.17\.0 or newer and this is 20\.16\.9/,
    );
    expect(hostProblem({ ...host, nodeVersion: '8.17.0' })).toBeDefined();
  });
});

test('versions are compared as numbers', () => {
  expect(compareVersions('20.9.0', '20.17.0')).toBeLessThan(0);
  expect(compareVersions('22.0.0', '20.17.5')).toBeGreaterThan(0);
  expect(compareVersions('12', '12.0.0')).toBe(0);
});

test('the floor is the one that package.json names', () => {
  const { engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  expect(compareVersions(engines.node.replace('>=', ''), nodeFloor)).toBe(0);
});

test('the C library of this machine is one we run on', () => {
  expect(libcProblem()).toBeUndefined();
});
