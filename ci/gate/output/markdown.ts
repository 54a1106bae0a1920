import type { GateSummary } from './gate-summary.js';

/**
 * A summary for a pull request or a job's page. Empty for a pass without an improvement: what says the same thing on every
 * change is not read when it says another one.
 */
export function summaryMarkdown(summary: GateSummary): string {
  const { verdict, comparison, reasons, rows, notes, improved } = summary;
  if (verdict === 'pass' && !improved && summary.exitCode === 0) return '';
  const lines = [
    `### Performance gate: ${improved && verdict === 'pass' ? 'pass, faster' : verdict}`,
    '',
    `${escapeMarkdown(comparison)}.`,
    '',
    ...reasons.map((reason) => `- ${escapeMarkdown(reason)}`),
    '',
    '| case | metric | base | candidate | slowdown | limit | finding |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
    ...rows.map((row) => {
      const { metric, base, candidate, slowdown, limit, finding } = row;
      const cells = [code(row.case), code(metric), base, candidate, slowdown, limit, finding];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
  if (notes.length > 0) lines.push('', '<details><summary>Notes</summary>', '');
  lines.push(...notes.map((note) => `- ${escapeMarkdown(note)}`));
  if (notes.length > 0) lines.push('', '</details>');
  return `${lines.join('\n')}\n`;
}

/** Reasons quote commit names, paths and what programs printed. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]|#~]/g, '\\$&')
    .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\n/g, '  \n  ');
}

function code(text: string): string {
  return `\`${text.replaceAll('`', '').replaceAll('|', '\\|')}\``;
}
