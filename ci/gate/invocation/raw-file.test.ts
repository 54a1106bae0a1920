import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleHeader, sampleInvocation } from '../testing/sample-invocations.js';
import { RawFile, readRawFile } from './raw-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-raw-'));
  path = join(folder, 'invocations.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the raw file of a gate', () => {
  const lines = [sampleHeader(), sampleInvocation(0), sampleInvocation(1, { control: true })];

  it('gives back what was appended, by one writer after another', () => {
    for (const line of lines) {
      const raw = new RawFile(path);
      raw.append(line);
      raw.close();
    }
    expect(readRawFile(path)).toEqual(lines);
  });

  it('leaves out what a killed writer did not finish, and the next writer cuts it off', () => {
    const raw = new RawFile(path);
    raw.append(lines[0]);
    raw.close();
    appendFileSync(path, '{"kind":"invocation","index":');
    expect(readRawFile(path)).toEqual([lines[0]]);
    const next = new RawFile(path);
    next.append(lines[1]);
    next.close();
    expect(readRawFile(path)).toEqual(lines.slice(0, 2));
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });

  it.each([
    ['no JSON', 'not JSON', /:2: is no JSON/],
    ['another kind', '{"kind":"other"}', /:2: is malformed at kind/],
    ['a missing field', JSON.stringify({ ...lines[1], cases: undefined }), /:2: is malformed at cases/],
    [
      'a number that is none',
      JSON.stringify(lines[1]).replace('"operations":', '"operations":null,"o":'),
      /operations/,
    ],
  ])('names file and line of %s', (_, line, message) => {
    writeFileSync(path, `${JSON.stringify(lines[0])}\n${line}\n`);
    expect(() => readRawFile(path)).toThrow(message);
    expect(() => readRawFile(path)).toThrow(path);
  });
});
