import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnyScenario, loadAnyScenario, loadAnyScenarioFile, type SoakScenario } from './any-scenario.js';
import { FileProblemsError } from './file-problem.js';
import { ScenarioNotFoundError, scenarioNames } from './scenario-file.js';

const SOAK = `kind: soak
name: sample
title: A sample
soak:
  durationSeconds: 3600
  arms:
    native: { sessions: 10, requestsPerSecond: 5, oneWayPerSecond: 5, largePerSecond: 1, churnPerSecond: 0.5 }
  phases:
    - { kind: steady, seconds: 60 }
    - { kind: storm, seconds: 10, share: 0.5 }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-scenarios-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string): AnyScenario {
  writeFileSync(join(folder, 'sample.yaml'), text);
  return loadAnyScenario(folder, 'sample');
}

function problemsOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FileProblemsError);
    return (error as FileProblemsError).problems.map(
      ({ line, column, message }) => `${line}:${column} ${message}`,
    );
  }
  throw new Error('nothing was wrong with the file');
}

describe('a scenario file of the kind soak', () => {
  it('has defaults for what is seldom changed', () => {
    const { kind, scenario } = load(SOAK);
    expect(kind).toBe('soak');
    expect((scenario as SoakScenario).soak).toMatchObject({
      durationSeconds: 3600,
      quickSeconds: 50,
      checkpointSeconds: 60,
      sampleSeconds: 15,
      broadcastsPerSecond: 5,
    });
    expect((scenario as SoakScenario).hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    [
      'an unknown key',
      SOAK.replace('durationSeconds:', 'durationSecond:'),
      /^5:3 unknown key "durationSecond"; did/m,
    ],
    ['a share above all', SOAK.replace('share: 0.5', 'share: 1.5'), /^10:42 soak.phases.1.share: .*1.5/],
    ['a phase of no kind', SOAK.replace('kind: storm', 'kind: rain'), /^10:\d+ soak.phases.1/],
    [
      'another name than the file',
      SOAK.replace('name: sample', 'name: other'),
      /^2:7 the name is the file's: sample/,
    ],
    ['no native arm', SOAK.replace('native:', 'baseline:'), /soak.arms.native: missing/],
    ['a key of the other kind', `${SOAK}cases: {}\n`, /^11:1 unknown key "cases"/],
  ])('is refused with its place for %s', (_, text, expected) => {
    expect(problemsOf(text).join('\n')).toMatch(expected);
  });
});

it('refuses a kind that there is not, and says which there are', () => {
  expect(problemsOf(SOAK.replace('kind: soak', 'kind: sauna'))).toEqual([
    '1:7 kind: expected one of rounds, soak; got "sauna"',
  ]);
});

it('takes a file without a kind for one of rounds', () => {
  expect(problemsOf('name: sample\n').join('\n')).toMatch(/cases: missing/);
});

it('finds scenarios by name alone', () => {
  expect(() => loadAnyScenario(folder, '../sample')).toThrow(ScenarioNotFoundError);
});

it.each(scenarioNames(join(import.meta.dirname, '..')))('the shipped %s is whole', (name) => {
  const { scenario } = loadAnyScenarioFile(join(import.meta.dirname, '..', `${name}.yaml`));
  expect(scenario.name).toBe(name);
});
