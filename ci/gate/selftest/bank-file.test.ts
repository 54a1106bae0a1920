import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BankFile, knownAmount, readBank, stretchesBefore } from './bank-file.js';
import { bankHeader, bankInvocation } from './testing/sample-bank.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-bank-'));
  path = join(folder, 'bank.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...lines: Parameters<BankFile['append']>[0][]): void {
  const bank = new BankFile(path);
  for (const line of lines) bank.append(line);
  bank.close();
}

describe('a bank', () => {
  it('adds up: a second run appends its stretch to the first one’s', () => {
    write(bankHeader(), bankInvocation(0, {}), { kind: 'end', why: 'done' });
    expect(stretchesBefore(path, true)).toHaveLength(1);
    write(bankHeader({ seed: 8 }), bankInvocation(0, { control: true }), bankInvocation(1, {}));
    const [first, second] = readBank(path);
    expect(first).toEqual({
      header: bankHeader(),
      invocations: [bankInvocation(0, {})],
      end: { kind: 'end', why: 'done' },
    });
    expect(second).toMatchObject({ header: { seed: 8 }, invocations: { length: 2 }, end: null });
  });

  it('is not touched without --resume once it holds something, and the error says what to do', () => {
    expect(stretchesBefore(path, false)).toEqual([]);
    write(bankHeader(), bankInvocation(0, {}));
    expect(() => stretchesBefore(path, false)).toThrow(/holds 1 invocations already; add --resume/);
  });

  it('loses of a killed writer the line it was writing, and no other', () => {
    write(bankHeader(), bankInvocation(0, {}));
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, '{"kind":"invocation","index":1,');
    expect(readBank(path)[0].invocations).toHaveLength(1);
    write(bankInvocation(1, {}));
    expect(readBank(path)[0].invocations.map(({ index }) => index)).toEqual([0, 1]);
    expect(readFileSync(path, 'utf8').startsWith(whole)).toBe(true);
  });

  it('names file and line of what it cannot read', () => {
    write(bankHeader());
    appendFileSync(path, '{"kind":"invocation"}\n');
    expect(() => readBank(path)).toThrow(`${path}:2: is malformed at index`);
    writeFileSync(path, `${JSON.stringify(bankInvocation(0, {}))}\n`);
    expect(() => readBank(path)).toThrow('a bank begins with a header');
  });

  it('holds lines that are small enough for git', () => {
    const withControl = bankInvocation(0, { control: true });
    const line = { ...withControl, ledgers: { ...withControl.ledgers, control: withControl.ledgers.base } };
    expect(JSON.stringify(line).length).toBeLessThan(1_300);
    expect(JSON.stringify(bankInvocation(0, {})).length).toBeLessThan(900);
  });

  it('knows the amount that was found for the same slowdown on the same machine, the last one', () => {
    const spin = { kind: 'spin', percent: 5 } as const;
    write(
      bankHeader({ series: spin, amount: 30 }),
      bankHeader({ series: spin, amount: 31 }),
      bankHeader({ series: { kind: 'spin', percent: 3.5 }, amount: 20 }),
    );
    const stretches = readBank(path);
    expect(knownAmount(stretches, spin, 'f')).toBe(31);
    expect(knownAmount(stretches, spin, 'another')).toBeNull();
    expect(knownAmount(stretches, { kind: 'alloc', percent: 5 }, 'f')).toBeNull();
  });
});
