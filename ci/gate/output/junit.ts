import type { GateSummary, SummaryRow } from './gate-summary.js';

/**
 * The verdict for a test tab: a test for each gated metric. Inconclusive is `skipped`, which no tool counts as passed.
 * Where the gate failed without a metric having failed (messages lost, a server that died) a test `gate` says so.
 */
export function summaryJunit(summary: GateSummary): string {
  const cases = summary.rows.filter(({ finding }) => finding !== 'shown').map(rowCase);
  const told = summary.rows.some(({ finding }) => finding === 'fail');
  cases.push(gateCase(summary, told));
  const count = (kind: Outcome['kind']): number => cases.filter((each) => each.kind === kind).length;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n` +
    `  <testsuite name="gate" tests="${cases.length}" failures="${count('failure')}" errors="0" skipped="${count('skipped')}">\n` +
    `${cases.map(({ xml }) => xml).join('')}  </testsuite>\n</testsuites>\n`
  );
}

interface Outcome {
  kind: 'passed' | 'failure' | 'skipped';
  xml: string;
}

function rowCase({ case: caseName, metric, finding, slowdown, limit, reason }: SummaryRow): Outcome {
  const message = reason === '' ? `${slowdown}; the limit is ${limit}` : reason;
  const kind = finding === 'fail' ? 'failure' : finding === 'inconclusive' ? 'skipped' : 'passed';
  return testCase(`gate.${caseName}`, metric, kind, message);
}

function gateCase({ verdict, exitCode, reasons }: GateSummary, told: boolean): Outcome {
  const failed = verdict === 'fail' && (!told || exitCode === 6);
  const kind = failed ? 'failure' : verdict === 'pass' || verdict === 'fail' ? 'passed' : 'skipped';
  return testCase('gate', 'verdict', kind, `${verdict}: ${reasons.join('; ')}`);
}

function testCase(className: string, name: string, kind: Outcome['kind'], message: string): Outcome {
  const open = `    <testcase classname="${attribute(className)}" name="${attribute(name)}"`;
  if (kind === 'passed') return { kind, xml: `${open}/>\n` };
  return { kind, xml: `${open}><${kind} message="${attribute(message)}"/></testcase>\n` };
}

/** XML 1.0 has no way to write most control characters at all. */
function attribute(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]/gu, ' ')
    .replace(/[&<>"'\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
