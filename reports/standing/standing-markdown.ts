import { markdownTable, markdownText } from './markdown-text.js';
import type { StandingSection, StandingView } from './standing-view.js';

/** The page as any forge shows it; the same bytes for the same records. */
export function standingMarkdown(view: StandingView): string {
  return [
    `# ${view.title}`,
    '<!-- Made by `npm run report -- numbers` from the records beside it; what is written here by hand is lost. -->',
    `${markdownText(view.lead)} The same page with more room for its tables: [index.html](index.html).`,
    markdownTable(view.summaryTable),
    view.legend.map(({ term, text }) => `**${markdownText(term)}**: ${markdownText(text)}.`).join(' '),
    '## The scenarios',
    ...view.scenarios.flatMap(sectionLines),
    '## The suites',
    ...view.suites.flatMap(sectionLines),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function sectionLines({ name, title, announced, sentence, reports, table }: StandingSection): string[] {
  const links = reports.map(({ href, text }) => `[${markdownText(text)}](${href})`).join(' · ');
  const claim = announced === null ? '' : ` Announced by the original: **${markdownText(announced)}**.`;
  return [
    `### ${markdownText(name)}`,
    `${markdownText(title)}.${claim} ${markdownText(sentence)} ${links}`.trim(),
    ...(table === null ? [] : [markdownTable(table)]),
  ];
}
