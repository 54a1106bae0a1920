import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../../scenarios/harness/atomic-write.js';
import { UsageError } from '../../../scenarios/harness/usage-error.js';
import { parseBank } from './bank-file.js';
import { evidencePage, evidenceText } from './evidence-text.js';
import { makeEvidence, type ReadBank } from './make-evidence.js';
import { SelftestError } from './selftest-error.js';
import type { ReportOptions } from './selftest-options.js';

/** Banks that are kept. */
const KEPT_BANK = /^bank-.+\.ndjson$/;
const REMEDY = 'npm run gate -- selftest --report --evidence';

/**
 * Reads the banks and says what they show; with a folder it writes, or checks, the evidence there.
 * @throws UsageError for a bank that is not there; SelftestError for one that is damaged, and for stale evidence
 */
export function reportBanks({ banks, evidence: folder, check }: ReportOptions): string {
  const paths =
    banks.length > 0 || folder === null ? banks.map((path) => resolve(path)) : banksIn(resolve(folder));
  const evidence = makeEvidence(paths.map(readBankFile));
  const text = evidenceText(evidence);
  if (folder === null) return text;
  const files = [
    ['evidence.json', `${JSON.stringify(evidence, null, 1)}\n`],
    ['README.md', evidencePage(evidence)],
  ] as const;
  if (check) {
    for (const [name, content] of files) checkFresh(join(resolve(folder), name), content, folder);
    return '';
  }
  mkdirSync(resolve(folder), { recursive: true });
  for (const [name, content] of files) writeFileAtomic(join(resolve(folder), name), content);
  return `${text}\nevidence ${join(resolve(folder), 'evidence.json')}\n`;
}

function banksIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => KEPT_BANK.test(name));
  return names.sort().map((name) => join(folder, name));
}

function readBankFile(path: string): ReadBank {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--bank: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { file: basename(path), sha256, stretches: parseBank(text, path) };
}

function checkFresh(path: string, content: string, folder: string): void {
  const found = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (found === content) return;
  const what = found === null ? 'is missing' : 'is not what the banks give';
  throw new SelftestError('ERR_SELFTEST_STALE', `${path} ${what}: ${REMEDY} ${folder}`);
}
