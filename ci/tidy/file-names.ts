import { posix } from 'node:path';
import { isCpp, isTypescript } from './file-kinds.js';
import type { Rule } from './problem.js';

/** Names that say nothing about what is inside, as a folder or as a word of a file's name. */
const emptyNames = /^(utils?|common|helpers?|misc|stuff)$/i;
const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)*\.(cc|h)$/;
const kebabCase = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z]+)*\.(ts|mts|mjs|js)$/;

function checkName(file: string): string | undefined {
  const words = file.split('/').flatMap((segment) => segment.replace(/\..*$/, '').split(/[-_]/));
  const empty = words.find((word) => emptyNames.test(word));
  if (empty !== undefined) return `"${empty}" says nothing: name the file after the idea in it`;
  const name = posix.basename(file);
  if (isCpp(file) && !snakeCase.test(name)) return `"${name}" is not snake_case`;
  if (isTypescript(file) && !kebabCase.test(name)) return `"${name}" is not kebab-case`;
  return undefined;
}

/** Files are named for what they hold, in the manner of their language. */
export const fileNames: Rule = {
  name: 'file-names',
  check: (tree) =>
    tree.files.flatMap((file) => {
      const message = checkName(file);
      return message === undefined ? [] : [{ file, line: 1, message }];
    }),
};
