/** A place in a file that is wrong, and how it is shown. */
export interface FileProblem {
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
  message: string;
}

/** What was wrong with a file, all of it at once. */
export class FileProblemsError extends Error {
  readonly code = 'ERR_SCENARIO_FILE';
  readonly problems: readonly FileProblem[];

  constructor(file: string, text: string, problems: readonly FileProblem[]) {
    super(formatProblems(file, text, problems));
    this.name = 'FileProblemsError';
    this.problems = problems;
  }
}

/** A file may hold thousands of mistakes; nobody reads more than this many at once. */
const SHOWN_MAX = 50;

export function formatProblems(file: string, text: string, problems: readonly FileProblem[]): string {
  const lines = text.split(/\r?\n/);
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = sorted.slice(0, SHOWN_MAX).map((problem) => {
    const place = `${file}:${problem.line}:${problem.column}`;
    return `${place}: ${visible(problem.message)}\n${snippet(lines[problem.line - 1] ?? '', problem)}`;
  });
  if (sorted.length > SHOWN_MAX) shown.push(`… and ${sorted.length - SHOWN_MAX} more`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${count} in ${file}:\n\n${shown.join('\n\n')}`;
}

function snippet(line: string, problem: FileProblem): string {
  // A long line is cut around the caret, so that the caret stays under its character.
  const start = Math.max(0, problem.column - 1 - 60);
  const text = visible(line.slice(start, start + 100));
  const number = String(problem.line).padStart(4);
  return `${number} | ${text}\n     | ${' '.repeat(problem.column - 1 - start)}^`;
}

/** Control characters of a hostile file must not reach the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === '\t' ? ' ' : '\uFFFD'));
}
