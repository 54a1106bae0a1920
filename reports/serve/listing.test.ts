import { mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderFiles, SOURCE_BYTES_MAX } from './folder-files.js';
import { LISTED_MAX, Listing } from './listing.js';

describe('a listing', () => {
  let folder: string;
  let read: string[];
  let listing: Listing<{ startedAt: string | null }>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-listing-'));
    read = [];
    listing = new Listing(new FolderFiles(folder), {
      fileName: 'record.json',
      pending: { fileName: 'begun.ndjson', problem: 'still going on' },
      summarise: (text, name) => {
        read.push(name);
        if (text === 'broken') throw new Error(`${name}: broken`);
        return { startedAt: text === '' ? null : text };
      },
    });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function put(name: string, text: string, fileName = 'record.json', seconds?: number) {
    await mkdir(join(folder, name), { recursive: true });
    const path = join(folder, name, fileName);
    await writeFile(path, text);
    if (seconds !== undefined) await utimes(path, seconds, seconds);
  }
  const names = async () => (await listing.list()).entries.map(({ name }) => name);

  it('has the newest first, and what tells no time at its end', async () => {
    await put('b', '2026-03-02T00:00:00Z');
    await put('c', '2026-03-03T00:00:00Z');
    await put('a', '2026-03-01T00:00:00Z');
    await put('untimed', '');
    await put('broken', 'broken');
    await put('something-else', 'x', 'other.json');
    expect(await names()).toEqual(['c', 'b', 'a', 'broken', 'untimed']);
  });

  it('reads a file again when it has changed, and only then', async () => {
    await put('a', '2026-03-01T00:00:00Z');
    await put('b', 'broken');
    await names();
    await names();
    expect(read).toEqual(expect.arrayContaining(['a', 'b']));
    expect(read).toHaveLength(2);
    await put('b', '2026-03-02T00:00:00Z');
    expect(await names()).toEqual(['b', 'a']);
    expect(read.slice(2)).toEqual(['b']);
    await rm(join(folder, 'b'), { recursive: true });
    expect(await names()).toEqual(['a']);
    await put('b', '2026-03-02T00:00:00Z');
    expect(await names()).toEqual(['b', 'a']);
  });

  it('is made once for requests that come together', async () => {
    await put('a', '2026-03-01T00:00:00Z');
    const [one, other] = await Promise.all([listing.list(), listing.list()]);
    expect(read).toEqual(['a']);
    expect(one).toBe(other);
  });

  it('lists a file above the limit by its name, and does not read it', async () => {
    await put('large', '');
    await truncate(join(folder, 'large', 'record.json'), SOURCE_BYTES_MAX + 1);
    const { entries } = await listing.list();
    expect(entries).toEqual([
      {
        name: 'large',
        problem: expect.stringMatching(/^large\/record\.json: 32 MiB, above/),
        hasPage: false,
      },
    ]);
    expect(read).toEqual([]);
  });

  it('knows the page beside a file that cannot be read, unless it is older', async () => {
    await put('old', 'broken', 'record.json', 2_000_000_000);
    await put('old', 'page', 'report.html', 1_999_999_999);
    await put('new', 'broken', 'record.json', 2_000_000_000);
    expect((await listing.list()).entries).toMatchObject([
      { name: 'new', hasPage: false },
      { name: 'old', hasPage: false },
    ]);
    // What the record says is known by now, the page is not.
    await put('new', 'page', 'report.html', 2_000_000_000);
    expect((await listing.list()).entries).toMatchObject([{ hasPage: true }, { hasPage: false }]);
  });

  it('says what has begun and has no file yet', async () => {
    await put('gate', 'line', 'begun.ndjson');
    expect((await listing.list()).entries).toMatchObject([{ name: 'gate', problem: 'still going on' }]);
    await put('gate', '2026-03-01T00:00:00Z');
    expect((await listing.list()).entries).toEqual([
      { name: 'gate', summary: { startedAt: '2026-03-01T00:00:00Z' } },
    ]);
  });

  it('lets others be answered between two files', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await put(name, '2026-03-01T00:00:00Z');
    const turns: number[] = [];
    let going = true;
    const turn = () => {
      turns.push(read.length);
      if (going) setImmediate(turn);
    };
    setImmediate(turn);
    await listing.list();
    going = false;
    expect(read).toHaveLength(4);
    for (const count of [1, 2, 3]) expect(turns).toContain(count);
  });

  it('leaves the oldest out above its length', async () => {
    for (let index = 0; index < LISTED_MAX + 3; index++) {
      await put(`run-${index}`, '', 'record.json', 1_900_000_000 + index);
    }
    const { entries, left } = await listing.list();
    expect(left).toBe(3);
    expect(entries).toHaveLength(LISTED_MAX);
    const listed = new Set(entries.map(({ name }) => name));
    for (const index of [0, 1, 2]) expect(listed).not.toContain(`run-${index}`);
  });
});
