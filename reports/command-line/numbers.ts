import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { numbersBlock, summaryBlock, withNumbers } from '../readme-numbers/numbers-block.js';
import { readRecord } from '../record-file/read-record.js';
import { ReportError } from '../record-file/report-error.js';
import { writeAtomically } from '../record-file/write-atomically.js';
import { publishedRecords } from '../standing/published-records.js';
import { scenarioHeadings } from '../standing/scenario-headings.js';
import { standingMarkdown } from '../standing/standing-markdown.js';
import { standingPage } from '../standing/standing-page.js';
import { type StandingView, standingView } from '../standing/standing-view.js';
import { reportArguments } from './arguments.js';
import type { ReportSurroundings } from './surroundings.js';

const PUBLISHED = 'reports/published';

/** Every file that quotes numbers of the published records, by its path from the root, with what it has to hold. */
const FILES: Readonly<Record<string, (root: string, view: StandingView) => Promise<string>>> = {
  'README.md': renewedReadme,
  [`${PUBLISHED}/README.md`]: async (_root, view) => standingMarkdown(view),
  [`${PUBLISHED}/index.html`]: async (_root, view) => standingPage(view),
};

/** `numbers [--check] [FILES…]` */
export async function numbersCommand(args: string[], { root, print }: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, { check: { type: 'boolean' } });
  const unknown = positionals.filter((file) => !Object.hasOwn(FILES, file));
  if (unknown.length > 0) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      `numbers renews ${Object.keys(FILES).join(', ')}; it knows no ${unknown.join(', ')}.`,
    );
  }
  const view = standingView(
    await publishedRecords(join(root, PUBLISHED)),
    await scenarioHeadings(join(root, 'scenarios')),
  );
  const stale: { file: string; text: string }[] = [];
  for (const file of positionals.length > 0 ? positionals : Object.keys(FILES)) {
    const text = await FILES[file]!(root, view);
    if (text !== (await textOf(join(root, file)))) stale.push({ file, text });
    else print(`${file} has the numbers of the published records.`);
  }
  if (values.check && stale.length > 0) {
    throw new ReportError(
      'ERR_REPORT_STALE',
      `Not what the records under ${PUBLISHED}/ and the scenarios' files give: ${stale.map(({ file }) => file).join(', ')}. Run \`npm run report -- numbers\`.`,
    );
  }
  for (const { file, text } of stale) {
    await writeAtomically(join(root, file), text);
    print(`${file}: numbers renewed.`);
  }
  return 0;
}

async function renewedReadme(root: string, view: StandingView): Promise<string> {
  const record = await readRecord(join(root, PUBLISHED, 'concurrent-1k', 'record.json'));
  const block = `${numbersBlock(record)}\n\n${summaryBlock(view.summary, PUBLISHED)}`;
  return withNumbers(await readFile(join(root, 'README.md'), 'utf8'), block);
}

/** Null where there is no such file yet. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
