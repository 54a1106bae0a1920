/**
 * `npm run tidy`: proves the rules of `ci/tidy/rules.ts` on this checkout, or on the folder given, and prints every
 * problem with its file and line. Exits 0 when there are none, 1 otherwise.
 */
import { resolve } from 'node:path';
import { formatProblem } from '../tidy/problem.js';
import { rules } from '../tidy/rules.js';
import { runRules } from '../tidy/run-rules.js';
import { openTree } from '../tidy/tree.js';

const root = resolve(process.argv[2] ?? '.');
const tree = openTree(root);
const problems = runRules(tree, rules);
for (const problem of problems) console.log(formatProblem(problem));
const files = `${tree.files.length} files`;
console.log(
  problems.length === 0 ? `tidy: ${files}, no problems` : `tidy: ${files}, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
