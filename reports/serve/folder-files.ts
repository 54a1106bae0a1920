import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ReportError } from '../record-file/report-error.js';

/**
 * What is read for a list or made into a page. A full run of the largest scenario writes about 5 MB, a gate less; to parse more than
 * this would keep every other request waiting for seconds.
 */
export const SOURCE_BYTES_MAX = 32 * 1024 * 1024;

/** In the served folder, or in one right below it. */
export type Place = readonly [file: string] | readonly [folder: string, file: string];

export interface FileState {
  /** Changes when the file does. */
  version: string;
  modifiedMs: number;
}

/**
 * The way from the server to the disk, and the only one: files in the served folder and in the folders right below it. Links are
 * not followed, neither that of a file nor that of a folder, and what was opened must lie just where it was looked for.
 */
export class FolderFiles {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Folders right below. A name from a request is compared with these before it becomes part of a place. `latest` is none of them: it
   * is a link to a run that is listed anyway, and another link may lead anywhere.
   */
  async folders(): Promise<string[]> {
    const items = await readdir(this.#path, { withFileTypes: true });
    return items.filter((item) => item.isDirectory()).map(({ name }) => name);
  }

  /** Null where there is no such file, where it or its folder is a link, or where it may not be read. */
  state(place: Place): Promise<FileState | null> {
    return this.#withFile(place, async (file) => {
      const { mtimeMs, size, ino } = await file.stat();
      return { version: `${ino}-${size}-${mtimeMs}`, modifiedMs: mtimeMs };
    });
  }

  /**
   * The whole text; null as for {@link state}.
   * @throws ReportError `ERR_REPORT_RECORD` when the file is larger than `bytesMax`
   */
  text(place: Place, bytesMax = SOURCE_BYTES_MAX): Promise<string | null> {
    return this.#withFile(place, async (file) => {
      const { size } = await file.stat();
      if (size <= bytesMax) return await textOf(file, size);
      throw new ReportError(
        'ERR_REPORT_RECORD',
        `${place.join('/')}: ${inMiB(size)}, above the ${inMiB(bytesMax)} up to which the server reads a file. ` +
          'Make its page by `npm run report -- FOLDER --html OUT`.',
      );
    });
  }

  async #withFile<T>(place: Place, use: (file: FileHandle) => Promise<T>): Promise<T | null> {
    let file: FileHandle;
    try {
      // Not blocking, so that a named pipe is opened at once and then refused.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      file = await open(join(this.#path, ...place), flags);
    } catch (error) {
      // A process that has no descriptors left knows nothing of the file.
      if (['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return null;
    }
    try {
      // Of what was opened, whatever the names point to by now; put together without resolving, so that `..` is never the same.
      const actual = await readlink(`/proc/self/fd/${file.fd}`);
      const expected = [await realpath(this.#path), ...place].join(sep);
      // A writer that renames its new file over this one leaves it without a name, and as whole as it was.
      if (actual !== expected && actual !== `${expected} (deleted)`) return null;
      return (await file.stat()).isFile() ? await use(file) : null;
    } finally {
      await file.close();
    }
  }
}

/** What was there when it was measured: a file that grows meanwhile costs no more. */
async function textOf(file: FileHandle, bytes: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.toString('utf8', 0, filled);
}

function inMiB(bytes: number): string {
  return `${Number((bytes / 1024 ** 2).toFixed(1))} MiB`;
}
