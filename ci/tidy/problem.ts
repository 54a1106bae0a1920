/** Something that tidy found, at a place one can jump to. */
export interface Problem {
  /** Relative to the root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The name of the rule. */
  readonly rule: string;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

/** What a rule reports; its name is added where the rules are run. */
export type Finding = Omit<Problem, 'rule'>;

/** One rule. It reads the tree, changes nothing, and reports everything it finds rather than the first. */
export interface Rule {
  readonly name: string;
  readonly check: (tree: import('./tree.js').Tree) => Finding[];
}

/** As compilers write it, so that editors and terminals link to the place. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}: ${problem.message} [${problem.rule}]`;
}

/** By file, then line, so that the same tree always prints the same. */
export function compareProblems(left: Problem, right: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line;
}
