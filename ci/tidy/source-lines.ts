import type { Finding } from './problem.js';
import type { Tree } from './tree.js';

/** One finding for each line of the file that matches; `message` may look at the match. */
export function findLines(
  tree: Tree,
  file: string,
  pattern: RegExp,
  message: (match: RegExpMatchArray) => string,
): Finding[] {
  return tree
    .read(file)
    .split('\n')
    .flatMap((text, index) => {
      const match = text.match(pattern);
      return match === null ? [] : [{ file, line: index + 1, message: message(match) }];
    });
}

/** The line, from 1, of a position in a text. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < position; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}
