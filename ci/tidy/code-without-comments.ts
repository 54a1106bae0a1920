/**
 * Blanks comments, and the contents of string literals if wanted, with spaces; every character that stays keeps its
 * position, so that a match in the result has the line it has in the file. Good for C++ and TypeScript alike;
 * regular expression literals are taken for code.
 */
const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|(?<!\d)'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

export function withoutComments(source: string): string {
  return source.replace(token, (found) => (found.startsWith('/') ? blank(found) : found));
}

export function withoutCommentsAndStrings(source: string): string {
  return source.replace(token, (found) => {
    if (found.startsWith('/')) return blank(found);
    return found[0] + blank(found.slice(1, -1)) + found.at(-1);
  });
}
