import { isCode } from './file-kinds.js';
import type { Rule } from './problem.js';
import { findLines } from './source-lines.js';

// Written in two halves, so that this file does not find itself.
const marks = new RegExp(
  [
    String.raw`\b(?:TO${'DO'}|FIX${'ME'}|X${'XX'}|HA${'CK'})\b`,
    `@ts-(?:ig${'nore'}|no${'check'})`,
    String.raw`\b(?:describe|it|test|suite|bench)\.(?:on${'ly'}|to${'do'})\b`,
    String.raw`\.on${'ly'}\(`,
  ].join('|'),
);

/** What is in the tree is finished; what is not is an issue. */
export const unfinishedMarks: Rule = {
  name: 'unfinished-marks',
  check: (tree) =>
    tree.files
      .filter(isCode)
      .flatMap((file) => findLines(tree, file, marks, (match) => `"${match[0]}": finish it, or take it out`)),
};
