import { type FileState, type FolderFiles, SOURCE_BYTES_MAX } from './folder-files.js';

/** A list that can be read; each of its lines costs the reading of one file once. */
export const LISTED_MAX = 200;
export const REPORT_FILE = 'report.html';

/** A folder that is listed: what its file says, or why it says nothing. */
export type Entry<Summary> = { name: string } & (
  | { summary: Summary }
  | {
      problem: string;
      /** A page lies beside the file and is not older. */
      hasPage: boolean;
    }
);

export interface Listed<Summary> {
  /** The newest first, those without a time of their own last. */
  entries: Entry<Summary>[];
  /** How many older ones are left out. */
  left: number;
}

/** What makes a folder one of a kind, and what is said of it. */
export interface Kind<Summary> {
  fileName: string;
  /** A file that shows that `fileName` is still to come, and what is said until it does. */
  pending?: { fileName: string; problem: string };
  /** @throws Error whose message is for the reader */
  summarise(text: string, name: string): Summary;
}

interface Found extends FileState {
  name: string;
  /** Why there is nothing to read yet. */
  pending: string | null;
}

type Said<Summary> = { summary: Summary } | { problem: string };

/**
 * The folders of one kind. A file is read again when it has changed, and only then. One is read after the other, and each is waited
 * for, so that other requests are answered between two of them.
 */
export class Listing<Summary extends { startedAt: string | null }> {
  readonly #files: FolderFiles;
  readonly #kind: Kind<Summary>;
  readonly #known = new Map<string, { version: string; said: Said<Summary> }>();
  #running: Promise<Listed<Summary>> | null = null;

  constructor(files: FolderFiles, kind: Kind<Summary>) {
    this.#files = files;
    this.#kind = kind;
  }

  /** Requests that come while a list is made get the same one. */
  list(): Promise<Listed<Summary>> {
    this.#running ??= this.#list().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #list(): Promise<Listed<Summary>> {
    const found = (await this.#found()).sort(
      (a, b) => b.modifiedMs - a.modifiedMs || (a.name < b.name ? -1 : 1),
    );
    const shown = found.slice(0, LISTED_MAX);
    const entries: Entry<Summary>[] = [];
    for (const each of shown) entries.push(await this.#entryOf(each));
    const names = new Set(shown.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    return { entries: entries.sort(newestFirst), left: found.length - shown.length };
  }

  async #found(): Promise<Found[]> {
    const { fileName, pending } = this.#kind;
    const found: Found[] = [];
    for (const name of await this.#files.folders()) {
      const state = await this.#files.state([name, fileName]);
      if (state !== null) found.push({ name, pending: null, ...state });
      if (state !== null || pending === undefined) continue;
      const begun = await this.#files.state([name, pending.fileName]);
      if (begun !== null) found.push({ name, pending: pending.problem, ...begun });
    }
    return found;
  }

  async #entryOf(found: Found): Promise<Entry<Summary>> {
    const { name } = found;
    if (found.pending !== null) return { name, problem: found.pending, hasPage: false };
    const said = await this.#saidOf(found);
    if ('summary' in said) return { name, ...said };
    return { name, ...said, hasPage: (await storedPage(this.#files, name, found)) !== null };
  }

  async #saidOf({ name, version }: Found): Promise<Said<Summary>> {
    const known = this.#known.get(name);
    if (known?.version === version) return known.said;
    let said: Said<Summary>;
    try {
      const text = await this.#files.text([name, this.#kind.fileName], SOURCE_BYTES_MAX);
      said =
        text === null
          ? { problem: `${name}: its ${this.#kind.fileName} is gone. Load the list again.` }
          : { summary: this.#kind.summarise(text, name) };
    } catch (error) {
      said = { problem: (error as Error).message };
    }
    this.#known.set(name, { version, said });
    return said;
  }
}

/** The state of the page that lies in a folder; null without one, or where it is older than what it should have been made from. */
export async function storedPage(
  files: FolderFiles,
  name: string,
  source: FileState,
): Promise<FileState | null> {
  const page = await files.state([name, REPORT_FILE]);
  return page !== null && page.modifiedMs >= source.modifiedMs ? page : null;
}

function newestFirst<Summary extends { startedAt: string | null }>(
  a: Entry<Summary>,
  b: Entry<Summary>,
): number {
  const at = (entry: Entry<Summary>) => {
    const moment = 'summary' in entry ? Date.parse(entry.summary.startedAt ?? '') : Number.NaN;
    return Number.isNaN(moment) ? -1 : moment;
  };
  return at(b) - at(a) || (a.name < b.name ? -1 : 1);
}
