import { describe, expect, it } from 'vitest';
import { nameOfFile, storedFile, storedName, suiteOf } from './stored-name.js';

describe('the name of what is stored', () => {
  it.each([
    ['concurrent-1k', 'concurrent-1k.json', null],
    ['suites', 'suites.json', null],
    ['suite', 'suite.json', null],
    ['suite:event-queue', 'suite-event-queue.json', 'event-queue'],
    ['suite:suite-of-suites', 'suite-suite-of-suites.json', 'suite-of-suites'],
  ])('%s lies in %s, and is found again by that', (name, file, suite) => {
    expect(storedName.safeParse(name).success).toBe(true);
    expect(storedFile(name)).toBe(file);
    expect(nameOfFile(file)).toBe(name);
    expect(suiteOf(name)).toBe(suite);
  });

  it.each([
    'suite-event-queue',
    'suite:',
    'suite:../escape',
    'suite:Numa',
    'suite:suite:numa',
    'gate:numa',
    '../escape',
    'a'.repeat(65),
    `suite:${'a'.repeat(60)}`,
  ])('is not %s', (name) => {
    expect(storedName.safeParse(name).success).toBe(false);
  });

  it.each(['history.ndjson', 'suite-.json', 'suite:numa.json', 'Numa.json', '.json', 'numa.json.tmp'])(
    'is told by no file %s',
    (file) => expect(nameOfFile(file)).toBeNull(),
  );
});
