import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instrument, keyOf, provenFiles, readSurvivors } from './mutants.mjs';
import { projectRoot } from './project.mjs';

const header = `#pragma once
// std::memory_order_acquire in a comment is no access
  a_.store(1, std::memory_order_release);  // std::memory_order_seq_cst neither
  a_.exchange(1, std::memory_order_acq_rel);
  Atomics::heavy_barrier();
  a_.load(std::memory_order_relaxed);
  b(std::memory_order_acquire, std::memory_order_acquire);
`;

test('every order that can be weaker is weakened in every way, and every barrier left out', () => {
  const { mutants, nextSite } = instrument('sync/a.h', header, 10);
  expect(mutants.map(({ line, site, order, change }) => [line, site, order, change])).toEqual([
    [3, 10, 'relaxed', 'release -> relaxed'],
    [4, 11, 'acquire', 'acq_rel -> acquire'],
    [4, 11, 'release', 'acq_rel -> release'],
    [5, 12, 'none', 'heavy_barrier -> none'],
    [7, 13, 'relaxed', 'acquire -> relaxed'],
    [7, 14, 'relaxed', 'acquire -> relaxed #2'],
  ]);
  expect(nextSite).toBe(15);
});

test('the copy differs at its sites and nowhere else', () => {
  const { source } = instrument('sync/a.h', header, 0);
  expect(source.split('\n')).toEqual([
    '#pragma once',
    '#include "proofs/mutable_order.h"',
    '// std::memory_order_acquire in a comment is no access',
    '  a_.store(1, ::msgtrans::proofs::mutable_order(0, std::memory_order_release));  // std::memory_order_seq_cst neither',
    '  a_.exchange(1, ::msgtrans::proofs::mutable_order(1, std::memory_order_acq_rel));',
    '  if (::msgtrans::proofs::barrier_stands(2)) { Atomics::heavy_barrier(); }',
    '  a_.load(std::memory_order_relaxed);',
    '  b(::msgtrans::proofs::mutable_order(3, std::memory_order_acquire), ::msgtrans::proofs::mutable_order(4, std::memory_order_acquire));',
    '',
  ]);
});

test('a model names what it proves', () => {
  expect(provenFiles('// proves: sync/a.h, sync/b.h\n#include "x"\n')).toEqual(['sync/a.h', 'sync/b.h']);
  expect(provenFiles('#include "x"\n')).toEqual([]);
});

test('a survivor has a reason and is found again where its code has moved to', () => {
  const [survivor] = readSurvivors('# a comment\n\nsync/a.h | a_.load(x); | acquire -> relaxed | because\n');
  expect(survivor).toMatchObject({ line: 3, reason: 'because' });
  expect(keyOf(/** @type {any} */ (survivor))).toBe(
    keyOf({ file: 'sync/a.h', text: 'a_.load(x);', change: 'acquire -> relaxed' }),
  );
  expect(() => readSurvivors('sync/a.h | a_.load(x); | acquire -> relaxed\n')).toThrow(/survivors\.txt:1/);
});

test('the survivors of this project are of code that is there', () => {
  const native = join(projectRoot, 'native');
  for (const survivor of readSurvivors(readFileSync(join(native, 'proofs', 'survivors.txt'), 'utf8'))) {
    const { mutants } = instrument(survivor.file, readFileSync(join(native, survivor.file), 'utf8'), 0);
    expect(mutants.map(keyOf)).toContain(keyOf(survivor));
  }
});
