import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { parseRecord, RECORD_BYTES_MAX } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { type RunSummary, summaryOf } from './run-summary.js';

const RECORD = 'record.json';
const REPORT = 'report.html';
/** A list that can be read; each run of it costs the reading of its record once. */
export const RUNS_LISTED_MAX = 200;
/** Ours have 2 MiB at most, and those of an older version were not much larger; every reader of one holds it in memory. */
const REPORT_BYTES_MAX = 16 * 1024 * 1024;

/** A run of the folder: what its record says, or why it says nothing. */
export type RunEntry = { name: string } & ({ summary: RunSummary } | { problem: string });

export interface RunList {
  /** The newest first. */
  entries: RunEntry[];
  /** How many older ones are left out. */
  left: number;
}

interface Found {
  name: string;
  /** Changes when the file does. */
  version: string;
  modifiedMs: number;
}

/**
 * The runs in a folder. Only files of these two names in folders right below it are ever opened, links are not followed, and what
 * was opened must lie inside: a name of a request is compared with what is there and never becomes part of a path by itself.
 */
export class RunFolder {
  readonly #path: string;
  readonly #summaries = new Map<string, { version: string; entry: RunEntry }>();

  constructor(path: string) {
    this.#path = path;
  }

  async list(): Promise<RunList> {
    const found = (await this.#found()).sort(
      (a, b) => b.modifiedMs - a.modifiedMs || (a.name < b.name ? -1 : 1),
    );
    const shown = found.slice(0, RUNS_LISTED_MAX);
    const entries: RunEntry[] = [];
    for (const run of shown) entries.push(await this.#entryOf(run));
    for (const name of this.#summaries.keys()) {
      if (!shown.some((run) => run.name === name)) this.#summaries.delete(name);
    }
    return { entries: entries.sort(newestFirst), left: found.length - shown.length };
  }

  /** What changes when a run's files do, or null when there is no such run. */
  async version(name: string): Promise<string | null> {
    return (await this.#found()).find((run) => run.name === name)?.version ?? null;
  }

  /** The page that lies in a run's folder, or null. @param name one that {@link version} knows */
  storedReport(name: string): Promise<string | null> {
    return this.#textOf(name, REPORT, REPORT_BYTES_MAX);
  }

  /** The text of a run's record. @throws ReportError `ERR_REPORT_RECORD` */
  async recordText(name: string): Promise<string> {
    const text = await this.#textOf(name, RECORD, RECORD_BYTES_MAX);
    if (text !== null) return text;
    throw new ReportError('ERR_REPORT_RECORD', `${name}: its ${RECORD} is gone. Reload the list of runs.`);
  }

  async #found(): Promise<Found[]> {
    const found: Found[] = [];
    for (const item of await readdir(this.#path, { withFileTypes: true })) {
      // `latest` is a link to a run that is listed anyway, and another link may lead anywhere.
      if (!item.isDirectory()) continue;
      const version = await this.#withFile(item.name, RECORD, async (file) => {
        const { mtimeMs, size, ino } = await file.stat();
        return { version: `${ino}-${size}-${mtimeMs}`, modifiedMs: mtimeMs };
      });
      if (version !== null) found.push({ name: item.name, ...version });
    }
    return found;
  }

  async #entryOf({ name, version }: Found): Promise<RunEntry> {
    const known = this.#summaries.get(name);
    if (known?.version === version) return known.entry;
    let entry: RunEntry;
    try {
      entry = { name, summary: summaryOf(parseRecord(await this.recordText(name), name)) };
    } catch (error) {
      entry = { name, problem: (error as Error).message };
    }
    this.#summaries.set(name, { version, entry });
    return entry;
  }

  #textOf(name: string, fileName: string, bytesMax: number): Promise<string | null> {
    return this.#withFile(name, fileName, async (file) => {
      const { size } = await file.stat();
      if (size <= bytesMax) return await file.readFile('utf8');
      throw new ReportError(
        'ERR_REPORT_RECORD',
        `${name}/${fileName}: ${size} bytes, above the limit of ${bytesMax}. This is no file of a run.`,
      );
    });
  }

  /** Null where there is no such file, where it is a link, or where it lies elsewhere. */
  async #withFile<T>(
    name: string,
    fileName: string,
    use: (file: FileHandle) => Promise<T>,
  ): Promise<T | null> {
    let file: FileHandle;
    try {
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      file = await open(join(this.#path, name, fileName), flags);
    } catch {
      return null;
    }
    try {
      const inside = (await realpath(this.#path)) + sep;
      // Of what was opened, whatever the names point to by now.
      const actual = await realpath(`/proc/self/fd/${file.fd}`);
      if (!actual.startsWith(inside) || !(await file.stat()).isFile()) return null;
      return await use(file);
    } finally {
      await file.close();
    }
  }
}

function newestFirst(a: RunEntry, b: RunEntry): number {
  const at = (entry: RunEntry) =>
    'summary' in entry ? Date.parse(entry.summary.startedAt) : Number.NEGATIVE_INFINITY;
  return at(b) - at(a) || (a.name < b.name ? -1 : 1);
}
