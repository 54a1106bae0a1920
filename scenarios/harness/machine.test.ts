import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spreadPercent } from './alu-noise.js';
import { hashFolder } from './build-record.js';
import { matchesGlob } from './glob.js';
import { allowedProcessors, descriptorsMax, fingerprintOf, parseProcessorList } from './machine.js';
import { statusBytes } from './process-memory.js';
import { nearest } from './suggest.js';

describe('the machine', () => {
  it('has a fingerprint of stable facts', () => {
    const here = fingerprintOf('A processor', 2, '6.1.0-18-amd64');
    expect(fingerprintOf('A processor', 2, '6.9.7')).toBe(here);
    expect(fingerprintOf('A processor', 4, '6.1.0')).not.toBe(here);
    expect(fingerprintOf('B processor', 2, '6.1.0')).not.toBe(here);
    expect(fingerprintOf('A processor', 2, '7.0.0')).not.toBe(here);
  });

  it('tells processors, descriptors and memory from the kernel’s texts', () => {
    expect(parseProcessorList('0-3,8,10-11')).toEqual([0, 1, 2, 3, 8, 10, 11]);
    expect(allowedProcessors().length).toBeGreaterThan(0);
    expect(descriptorsMax()).toBeGreaterThan(100);
    expect(statusBytes('VmHWM:\t    2048 kB\nRssAnon:\t      10 kB\n', 'RssAnon')).toBe(10_240);
    expect(statusBytes('', 'RssAnon')).toBeNaN();
  });

  it('has a noise figure: the spread between the 5th and 95th percentile', () => {
    expect(spreadPercent([4, 4, 4, 4])).toBe(0);
    expect(spreadPercent(Array.from({ length: 101 }, (_, index) => 100 + index))).toBeCloseTo(60, 9);
  });
});

describe('the hash of a source folder', () => {
  it('changes with contents and names, and leaves build folders out', () => {
    const folder = mkdtempSync(join(tmpdir(), 'msgtrans-hash-'));
    const hash = () => hashFolder(folder, (name) => !name.startsWith('build'));
    writeFileSync(join(folder, 'a'), '1');
    const first = hash();
    mkdirSync(join(folder, 'build'));
    writeFileSync(join(folder, 'build', 'x'), '1');
    expect(hash()).toBe(first);
    writeFileSync(join(folder, 'a'), '2');
    expect(hash()).not.toBe(first);
    writeFileSync(join(folder, 'a'), '1');
    expect(hash()).toBe(first);
    writeFileSync(join(folder, 'b'), '');
    expect(hash()).not.toBe(first);
    expect(hashFolder(join(folder, 'missing'), () => true)).toHaveLength(64);
    rmSync(folder, { recursive: true });
  });
});

describe('globs and suggestions', () => {
  it.each([
    ['tcp', 'tcp', true],
    ['tcp*', 'tcp/depth=16', true],
    ['*depth=16', 'tcp/depth=16', true],
    ['tcp/*=*,s*', 'tcp/depth=100,sessions=64', true],
    ['tc?', 'tcp', true],
    ['tcp', 'tcp/depth=16', false],
    ['*x*', 'tcp', false],
    ['', 'tcp', false],
    [`${'*a'.repeat(40)}b`, 'a'.repeat(200), false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('suggests what is near and nothing else', () => {
    expect(nearest('concurent-1k', ['concurrent-1k', 'order-flow'])).toBe('concurrent-1k');
    expect(nearest('zzz', ['concurrent-1k'])).toBeNull();
  });
});
