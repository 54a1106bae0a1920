import type { Rule } from './problem.js';
import { findLines } from './source-lines.js';

const raw = /\{\{~?(\{|&)/;

/** Everything that a template prints is escaped: a report shows data from elsewhere. */
export const escapedTemplates: Rule = {
  name: 'escaped-templates',
  check: (tree) =>
    tree.files
      .filter((file) => file.endsWith('.hbs'))
      .flatMap((file) => {
        return findLines(tree, file, raw, (match) => `"${match[0]}" prints without escaping: use two braces`);
      }),
};
