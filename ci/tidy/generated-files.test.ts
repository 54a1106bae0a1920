import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type GeneratedFile, generatedFilesOfProject, makeGeneratedFilesRule } from './generated-files.js';
import { runRules } from './run-rules.js';
import { plantTree } from './temporary-tree.js';
import { openTree } from './tree.js';

const remedy = 'npm run make-it';
const printed: GeneratedFile = {
  file: 'core/layout.generated.ts',
  program: 'print-layout',
  parameters: ['a', 'b'],
  manner: 'prints',
  remedy,
};
const judged: GeneratedFile = {
  file: 'README.md',
  program: 'judge.js',
  parameters: ['--check'],
  manner: 'judges',
  remedy,
  marker: '<!-- numbers -->',
};

function messages(list: GeneratedFile[], files: Record<string, string>): string[] {
  const { root, remove } = plantTree({
    'print-layout': '#!/bin/sh\necho "// generated"\necho "$1 $2"\n',
    'judge.js': 'console.error("12 is not 13"); process.exitCode = process.argv[2] === "--check" ? 1 : 0;\n',
    ...files,
  });
  chmodSync(join(root, 'print-layout'), 0o755);
  try {
    return runRules(openTree(root), [makeGeneratedFilesRule(list)]).map(
      ({ line, message }) => `${line} ${message}`,
    );
  } finally {
    remove();
  }
}

test('a file that is what its generator prints is fresh', () => {
  expect(messages([printed], { [printed.file]: '// generated\na b\n' })).toEqual([]);
});

test('a stale file is found, with the first line that differs', () => {
  expect(messages([printed], { [printed.file]: '// generated\na c\n' })).toEqual([`2 stale: ${remedy}`]);
});

test('a missing file and a missing generator are found', () => {
  expect(messages([printed], {})).toEqual([`1 missing: ${remedy}`]);
  const unbuilt = { ...printed, program: 'not-built' };
  expect(messages([unbuilt], { [printed.file]: '' })).toEqual([
    '1 cannot be checked without not-built: npm run build',
  ]);
});

test('a document is judged once it has the generated part', () => {
  expect(messages([judged], { 'README.md': '# Title\n' })).toEqual([]);
  expect(messages([judged], { 'README.md': '# Title\n<!-- numbers -->\n' })).toEqual([
    `1 stale (12 is not 13): ${remedy}`,
  ]);
  expect(messages([{ ...judged, parameters: [] }], { 'README.md': '<!-- numbers -->\n' })).toEqual([]);
});

test('every generated file of the project names what makes it, and none twice', () => {
  const files = generatedFilesOfProject.map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
  expect(files.filter((file) => file.includes('.generated.'))).toEqual([
    'core/layout.generated.ts',
    'core/protocol/wire-layout.generated.ts',
  ]);
});
