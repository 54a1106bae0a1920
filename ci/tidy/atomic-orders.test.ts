import { expect, test } from 'vitest';
import { atomicOrders } from './atomic-orders.js';
import { findingsIn } from './temporary-tree.js';

function linesFound(files: Record<string, string>): string[] {
  return findingsIn(atomicOrders, files).map((line) => line.split(' ')[0]!);
}

test('accesses without an order are found, across lines too', () => {
  const source = [
    'auto a = head.load();',
    'auto b = head.load(std::memory_order_acquire);',
    'head->store(compute(1, 2));',
    'head.store(compute(1, 2), std::memory_order_release);',
    'head.compare_exchange_weak(expected, desired,',
    '                           std::memory_order_acq_rel, std::memory_order_acquire);',
    'head.fetch_add(',
    '    1);',
    '// head.load() in a comment',
    'log("head.load()");',
  ].join('\n');
  expect(linesFound({ 'native/sync/ring.cc': source })).toEqual([
    'native/sync/ring.cc:1',
    'native/sync/ring.cc:3',
    'native/sync/ring.cc:7',
  ]);
});

test('operators on an atomic member are found, where it is declared and beside', () => {
  const found = linesFound({
    'native/sync/ring.h':
      'std::atomic<uint32_t> head_{0};\nuint32_t tail_ = 0;\nvoid f() { ++head_; tail_ = 1; }\n',
    'native/sync/ring.cc': 'void g() {\n  head_ = 2;\n  head_ += 1;\n  if (head_ == 2) tail_++;\n}\n',
  });
  expect(found).toEqual(['native/sync/ring.h:3', 'native/sync/ring.cc:2', 'native/sync/ring.cc:3'].sort());
});

test('a fence needs a comment', () => {
  const found = linesFound({
    'native/sync/a.cc': [
      'std::atomic_thread_fence(std::memory_order_seq_cst);',
      '',
      '// Pairs with the fence in wake().',
      'std::atomic_thread_fence(std::memory_order_seq_cst);',
    ].join('\n'),
  });
  expect(found).toEqual(['native/sync/a.cc:1']);
});

test('digit separators do not confuse the reading', () => {
  expect(linesFound({ 'native/sync/a.cc': "int a = 1'000; head.load(); int b = 2'000'000;\n" })).toHaveLength(
    1,
  );
});
