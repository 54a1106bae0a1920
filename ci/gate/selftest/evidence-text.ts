import type { Evidence, Finding } from './evidence.js';
import { type EvidenceTable, evidenceTables } from './evidence-tables.js';

/** The evidence for a terminal. */
export function evidenceText(evidence: Evidence): string {
  const findings = evidence.findings.map(findingLine);
  const tables = evidenceTables(evidence).flatMap((table) => ['', `${table.title}:`, ...textTable(table)]);
  return `${[...findings, ...tables].join('\n')}\n`;
}

/** The page beside the banks, in Markdown. */
export function evidencePage(evidence: Evidence): string {
  const { banks, machines, builds, findings } = evidence;
  const lines = [
    '# What the gate answers to slowdowns that are known',
    '',
    '<!-- Written by "npm run gate -- selftest --report --evidence ci/gate/evidence"; edit the banks, not this page. -->',
    '',
    'The gate is tried on this build against itself: as it is (`aa`), with another layout (`neutral`), with work put in that',
    'slows it by so many per cent (`spin`, `alloc`, `lock`, `wake`), and on a machine that is disturbed (`load`, `quota`).',
    'How it is done is in [the DESIGN of the gate](../DESIGN.md#self-test).',
    '',
    '## Findings',
    '',
    'Promised is: of slowdowns up to 0.7 of the limit L at most 1 % of gates fail, of slowdowns from L on at least 99 %. Replays',
    'overlap, so their bounds are narrower than they should be: whole gates are the evidence, replays the map.',
    '',
    ...(findings.length === 0
      ? ['Nothing was measured yet.']
      : findings.map((each) => `- ${findingLine(each)}`)),
    ...evidenceTables(evidence).flatMap(markdownTable),
    ...(banks.length === 0 ? [] : ['', '## Banks', '']),
    ...banks.map(({ file, stretches, invocations, sha256 }) => {
      return `- [${file}](${file}): ${invocations} invocations in ${stretches} stretches, SHA-256 \`${sha256}\``;
    }),
    ...(builds.length === 0 ? [] : ['', '## Builds', '']),
    ...builds.map(({ commit, dirty, blocks, windowMs, stretches, invocations }) => {
      const name = `${commit?.slice(0, 12) ?? 'no commit'}${dirty ? ', changed' : ''}`;
      return `- ${name}, ${blocks} blocks of four windows of ${windowMs} ms: ${invocations} invocations in ${stretches} stretches`;
    }),
    ...(machines.length === 0 ? [] : ['', '## Machines', '']),
    ...machines.map(({ cpuModel, cores, kernel, node, stretches, aluNoisePercent: [least, most] }) => {
      const noise = `${least.toFixed(0)} to ${most.toFixed(0)} %`;
      return `- ${cpuModel}, ${cores} processors, Linux ${kernel}, Node.js ${node}: ${stretches} stretches, processor noise ${noise}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function findingLine({ holds, sentence }: Finding): string {
  const mark = holds === null ? 'open' : holds ? 'holds' : 'BROKEN';
  return `${mark}: ${sentence}`;
}

function textTable({ columns, rows }: EvidenceTable): string[] {
  const cells = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column] - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}

function markdownTable({ title, note, columns, rows }: EvidenceTable): string[] {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const ruler = row(columns.map(() => '---'));
  return ['', `## ${title}`, '', ...(note === '' ? [] : [note, '']), row(columns), ruler, ...rows.map(row)];
}
