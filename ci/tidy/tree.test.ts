import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem } from './problem.js';
import { rules } from './rules.js';
import { runRules } from './run-rules.js';
import { plantTree } from './temporary-tree.js';
import { openTree } from './tree.js';

test('in a work tree the files are those that git would commit', () => {
  const { root, remove } = plantTree({
    '.gitignore': 'built/\n',
    'a.ts': '',
    'built/b.ts': '',
    'gone.ts': '',
  });
  try {
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    execFileSync('git', ['add', 'gone.ts'], { cwd: root });
    rmSync(join(root, 'gone.ts'));
    expect(openTree(root).files).toEqual(['.gitignore', 'a.ts']);
  } finally {
    remove();
  }
});

test('without git they are all but what is installed or built', () => {
  const { root, remove } = plantTree({
    'a.ts': '',
    'dist/a.js': '',
    'node_modules/x/y.js': '',
    'native/build-asan/z.h': '',
  });
  try {
    expect(openTree(root).files).toEqual(['a.ts']);
  } finally {
    remove();
  }
});

test('every rule has a name of its own, and problems print as file:line', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  const { root, remove } = plantTree({ 'core/utils.ts': '' });
  try {
    const [first] = runRules(
      openTree(root),
      rules.filter(({ name }) => name === 'file-names'),
    );
    expect(formatProblem(first!)).toMatch(/^core\/utils\.ts:1: .* \[file-names\]$/);
  } finally {
    remove();
  }
});
