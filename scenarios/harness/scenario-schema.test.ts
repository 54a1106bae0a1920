import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scenarioNames } from './scenario-file.js';
import { scenarioJsonSchema } from './scenario-json-schema.js';

const folder = join(import.meta.dirname, '..');

it('is what the JSON Schema for editors was made from (node dist/scenarios/commands/schema.js)', () => {
  const stored = JSON.parse(readFileSync(join(folder, 'scenario.schema.json'), 'utf8'));
  expect(stored).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
  const required = stored.anyOf.map((kind: { required: string[] }) => kind.required);
  expect(required).toEqual([
    ['name', 'title', 'arms', 'cases'],
    ['kind', 'name', 'title', 'soak'],
  ]);
});

it('is named in the first line of every scenario file', () => {
  for (const name of scenarioNames(folder)) {
    const [first] = readFileSync(join(folder, `${name}.yaml`), 'utf8').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./scenario.schema.json');
  }
});
