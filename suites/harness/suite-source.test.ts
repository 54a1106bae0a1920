import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SUITES } from '../registry.js';
import { hashSuite, isSuite } from './suite-source.js';

const ROOT = join(import.meta.dirname, '..', '..');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'msgtrans-suite-source-'));
  for (const path of ['suites/queue.ts', 'suites/queue/peer.ts', 'native/loops/queue_loops.cc']) put(path);
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = 'as it was'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

it.each([
  'suites/queue.ts',
  'suites/queue/peer.ts',
  'suites/queue/further.ts',
  'native/loops/queue_loops.cc',
  'native/loops/queue.h',
])('changes with %s', (path) => {
  const before = hashSuite(root, 'queue');
  put(path, 'as it is now');
  expect(hashSuite(root, 'queue')).not.toBe(before);
});

it.each([
  'suites/map.ts',
  'suites/harness/window.ts',
  'native/sync/queue.h',
  'native/loops/build/queue.o',
  'native/loops/counted/queue.cc',
])('stays the same whatever is in %s', (path) => {
  const before = hashSuite(root, 'queue');
  put(path, 'as it is now');
  expect(hashSuite(root, 'queue')).toBe(before);
});

it('tells suites apart, and is there for each of them', () => {
  const hashes = SUITES.map(({ name }) => hashSuite(ROOT, name));
  expect(new Set(hashes).size).toBe(SUITES.length);
  for (const { name } of SUITES) expect(isSuite(ROOT, name), name).toBe(true);
  expect(isSuite(ROOT, 'no-such-suite')).toBe(false);
});
