import { isCode, isGenerated } from './file-kinds.js';
import type { Rule } from './problem.js';

const linesMax = 400;

/** One idea per file: about 300 lines, and never more than these. */
export const fileLength: Rule = {
  name: 'file-length',
  check: (tree) =>
    tree.files
      .filter((file) => isCode(file) && !isGenerated(file))
      .flatMap((file) => {
        const lines = tree.read(file).replace(/\n$/, '').split('\n').length;
        if (lines <= linesMax) return [];
        return [
          {
            file,
            line: linesMax + 1,
            message: `${lines} lines, and ${linesMax} is the most: split it by idea`,
          },
        ];
      }),
};
