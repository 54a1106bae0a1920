import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Rule } from './problem.js';
import { runRules } from './run-rules.js';
import { openTree } from './tree.js';

/** Writes files into a folder of their own; `remove` takes it away again. For tests. */
export function plantTree(files: Record<string, string>): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'msgtrans-tidy-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** What one rule finds in these files, as `file:line message`. For tests. */
export function findingsIn(rule: Rule, files: Record<string, string>): string[] {
  const { root, remove } = plantTree(files);
  try {
    return runRules(openTree(root), [rule]).map(({ file, line, message }) => `${file}:${line} ${message}`);
  } finally {
    remove();
  }
}
