import { compareProblems, type Problem, type Rule } from './problem.js';
import type { Tree } from './tree.js';

/** Runs every rule and returns all that they found, in the order of the files. */
export function runRules(tree: Tree, rules: readonly Rule[]): Problem[] {
  return rules
    .flatMap((rule) => rule.check(tree).map((finding) => ({ ...finding, rule: rule.name })))
    .sort(compareProblems);
}
