import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ReportError } from '../record-file/report-error.js';

/** What the page needs of a scenario's file; `npm run scenario` checks the rest. */
export interface ScenarioHeading {
  name: string;
  title: string;
  /** What was claimed for this work before anybody measured it. */
  announced: string | null;
  /** How long a soak is to last; null for scenarios of other kinds. */
  soakSeconds: number | null;
}

const headingSchema = z.looseObject({
  name: z.string(),
  title: z.string(),
  announced: z.string().optional(),
  soak: z.looseObject({ durationSeconds: z.number().positive() }).optional(),
});

/**
 * The headings of every scenario file of a folder, by name.
 *
 * @throws ReportError `ERR_REPORT_ASSET` naming the file that cannot be read as one
 */
export async function scenarioHeadings(folder: string): Promise<ScenarioHeading[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(files.map(async (file) => headingOf(file, await readFile(join(folder, file), 'utf8'))));
}

function headingOf(file: string, text: string): ScenarioHeading {
  try {
    const { name, title, announced, soak } = headingSchema.parse(parse(text));
    return { name, title, announced: announced ?? null, soakSeconds: soak?.durationSeconds ?? null };
  } catch (error) {
    throw new ReportError(
      'ERR_REPORT_ASSET',
      `scenarios/${file} cannot be read (${(error as Error).message}). \`npm run scenario -- --list\` says what is wrong with it.`,
      { cause: error },
    );
  }
}
