import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderFiles, type Place, SOURCE_BYTES_MAX } from './folder-files.js';

const SECRET = 'a secret outside of the folder';

describe('files of the served folder', () => {
  let outside: string;
  let folder: string;
  let files: FolderFiles;
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), 'msgtrans-folder-files-'));
    folder = join(outside, 'runs');
    await mkdir(join(folder, 'run'), { recursive: true });
    await writeFile(join(folder, 'run', 'record.json'), 'täxt');
    await writeFile(join(folder, 'history.ndjson'), 'lines');
    await writeFile(join(outside, 'record.json'), SECRET);
    files = new FolderFiles(folder);
  });
  afterEach(() => rm(outside, { recursive: true, force: true }));

  it('are read in the folder and in those right below it', async () => {
    expect(await files.text(['run', 'record.json'])).toBe('täxt');
    expect(await files.text(['history.ndjson'])).toBe('lines');
    expect(await files.folders()).toEqual(['run']);
    expect(await files.text(['run', 'report.html'])).toBeNull();
    expect(await files.state(['run', 'report.html'])).toBeNull();
  });

  it('may lie behind a link to the folder itself', async () => {
    await symlink(folder, join(outside, 'link'));
    expect(await new FolderFiles(join(outside, 'link')).text(['run', 'record.json'])).toBe('täxt');
  });

  it.each<[string, Place]>([
    ['the folder above', ['..', 'record.json']],
    ['a way up in the name of a file', ['run', '../../record.json']],
    ['a way up in the name of a folder', ['run/../..', 'record.json']],
    ['a way that ends inside', ['run/../run', 'record.json']],
    ['an absolute name', ['/etc', 'passwd']],
    ['a link to a file', ['run', 'linked.json']],
    ['a link to a file inside', ['run', 'linked-inside.json']],
    ['a link to a folder', ['linked', 'record.json']],
    ['a link to a folder inside', ['latest', 'record.json']],
    ['a folder', ['run']],
    ['a named pipe', ['run', 'pipe']],
    ['a name with a null in it', ['run', 'record.json\0']],
  ])('are not reached by %s', async (_what, place) => {
    await symlink(join(outside, 'record.json'), join(folder, 'run', 'linked.json'));
    await symlink(join(folder, 'run', 'record.json'), join(folder, 'run', 'linked-inside.json'));
    await symlink(outside, join(folder, 'linked'));
    await symlink('run', join(folder, 'latest'));
    await promisify(execFile)('mkfifo', [join(folder, 'run', 'pipe')]);
    expect(await files.text(place)).toBeNull();
    expect(await files.state(place)).toBeNull();
    expect(await files.folders()).toEqual(['run']);
  });

  it('have another version when they are written anew, at the same size too', async () => {
    const place = ['run', 'record.json'] as const;
    const before = await files.state(place);
    expect(await files.state(place)).toEqual(before);
    await writeFile(join(folder, 'run', 'new'), 'täxx');
    await rename(join(folder, 'run', 'new'), join(folder, ...place));
    expect((await files.state(place))?.version).not.toBe(before?.version);
  });

  it('are refused above the limit, by name and size, before a byte is read', async () => {
    const place = ['run', 'record.json'] as const;
    await truncate(join(folder, ...place), SOURCE_BYTES_MAX + 1024 * 1024);
    await expect(files.text(place)).rejects.toThrow(
      /^run\/record\.json: 33 MiB, above the 32 MiB up to which the server reads a file/,
    );
    await truncate(join(folder, ...place), 3);
    expect(await files.text(place, 3)).toHaveLength(2);
    await expect(files.text(place, 2)).rejects.toMatchObject({ code: 'ERR_REPORT_RECORD' });
  });
});
