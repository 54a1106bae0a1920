import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BankFile } from './bank-file.js';
import { reportBanks } from './report-banks.js';
import { sampleStretch } from './testing/sample-bank.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-evidence-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keep(name: string, invocations: number): void {
  const { header, invocations: lines } = sampleStretch({}, invocations, { deviation: 0.005 });
  const bank = new BankFile(join(folder, name));
  for (const line of [header, ...lines]) bank.append(line);
  bank.close();
}

const report = (changes: object = {}) =>
  reportBanks({ action: 'report', banks: [], evidence: folder, check: false, ...changes });

describe('the report of banks', () => {
  it('writes evidence and page of the banks in a folder, which are fresh until a bank changes', () => {
    keep('bank-b.ndjson', 14);
    keep('bank-a.ndjson', 3);
    keep('other.ndjson', 3);
    expect(report()).toContain('aa: 1 whole gate: 1 pass');
    const { schema, banks } = JSON.parse(readFileSync(join(folder, 'evidence.json'), 'utf8'));
    expect(schema).toBe('msgtrans.gate-evidence/1');
    expect(banks.map(({ file }: { file: string }) => file)).toEqual(['bank-a.ndjson', 'bank-b.ndjson']);
    expect(report({ check: true })).toBe('');
    keep('bank-c.ndjson', 1);
    expect(() => report({ check: true })).toThrow(
      /evidence\.json is not what the banks give: npm run gate -- selftest/,
    );
    report();
    writeFileSync(join(folder, 'README.md'), 'edited');
    expect(() => report({ check: true })).toThrow(/README\.md is not what the banks give/);
    rmSync(join(folder, 'README.md'));
    expect(() => report({ check: true })).toThrow(/README\.md is missing/);
  });

  it('only says what named banks show, and names one that is not there', () => {
    keep('bank-a.ndjson', 3);
    expect(report({ banks: [join(folder, 'bank-a.ndjson')], evidence: null })).toContain('no whole gate yet');
    expect(() => report({ banks: [join(folder, 'none')], evidence: null })).toThrow(
      /none cannot be read \(ENOENT\)/,
    );
  });
});
