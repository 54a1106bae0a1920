import { isOwnText } from './file-kinds.js';
import type { Rule } from './problem.js';
import { findLines } from './source-lines.js';

const marker = /^(<{7}|>{7}|\|{7}) /;

/** A merge was concluded with both sides still in the file. */
export const mergeMarkers: Rule = {
  name: 'merge-markers',
  check: (tree) =>
    tree.files
      .filter(isOwnText)
      .flatMap((file) => findLines(tree, file, marker, () => 'a merge left its marker')),
};
