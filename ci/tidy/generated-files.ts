import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finding, Rule } from './problem.js';
import type { Tree } from './tree.js';

/** A file in the tree that a program of ours writes. */
export interface GeneratedFile {
  readonly file: string;
  /** The program, from the root: a native one, or a compiled command that Node.js runs. */
  readonly program: string;
  readonly parameters: readonly string[];
  /** `prints`: the program prints what the file has to hold. `judges`: it exits 0 when the file is fresh. */
  readonly manner: 'prints' | 'judges';
  /** What a person types to write the file anew. */
  readonly remedy: string;
  /** Where given, the file is only generated in part, and has no such part before it contains this text. */
  readonly marker?: string;
}

const layoutConstants = 'native/build/Release/layout_constants';

function layoutFile(which: string, file: string): GeneratedFile {
  const remedy = `${layoutConstants} ${which} > ${file}`;
  return { file, program: layoutConstants, parameters: [which], manner: 'prints', remedy };
}

/** What quotes the numbers of published records. */
function numbersFile(file: string): GeneratedFile {
  return {
    file,
    program: 'dist/reports/commands/report.js',
    parameters: ['numbers', '--check', file],
    manner: 'judges',
    remedy: 'npm run report -- numbers',
  };
}

/** What the banks of the gate's self-test show. */
function evidenceFile(file: string): GeneratedFile {
  const parameters = ['selftest', '--report', '--evidence', 'ci/gate/evidence'];
  return {
    ...{ file, program: 'dist/ci/commands/gate.js', manner: 'judges' },
    parameters: [...parameters, '--check'],
    remedy: `npm run gate -- ${parameters.join(' ')}`,
  };
}

/** Everything that is generated and kept in the tree. */
export const generatedFilesOfProject: readonly GeneratedFile[] = [
  layoutFile('engine', 'core/layout.generated.ts'),
  layoutFile('wire', 'core/protocol/wire-layout.generated.ts'),
  {
    file: 'scenarios/scenario.schema.json',
    program: 'dist/scenarios/commands/schema.js',
    parameters: ['--check'],
    manner: 'judges',
    remedy: 'node dist/scenarios/commands/schema.js',
  },
  { ...numbersFile('README.md'), marker: '<!-- numbers:start -->' },
  numbersFile('reports/published/README.md'),
  numbersFile('reports/published/index.html'),
  // One check for the page and evidence.json beside it.
  evidenceFile('ci/gate/evidence/README.md'),
];

function run(tree: Tree, generated: GeneratedFile) {
  const { program, parameters } = generated;
  const isScript = program.endsWith('.js');
  return spawnSync(
    isScript ? process.execPath : join(tree.root, program),
    isScript ? [join(tree.root, program), ...parameters] : [...parameters],
    { cwd: tree.root, encoding: 'utf8', timeout: 60_000, maxBuffer: 1 << 26 },
  );
}

function firstDifference(actual: string, expected: string): number {
  const [left, right] = [actual.split('\n'), expected.split('\n')];
  const index = left.findIndex((text, i) => text !== right[i]);
  return (index === -1 ? Math.min(left.length, right.length) : index) + 1;
}

function checkGenerated(tree: Tree, generated: GeneratedFile): Finding[] {
  const { file, program, manner, marker, remedy } = generated;
  if (!tree.files.includes(file)) return [{ file, line: 1, message: `missing: ${remedy}` }];
  if (marker !== undefined && !tree.read(file).includes(marker)) return [];
  if (!tree.exists(program)) {
    return [{ file, line: 1, message: `cannot be checked without ${program}: npm run build` }];
  }
  const result = run(tree, generated);
  if (manner === 'judges') {
    if (result.status === 0) return [];
    const answer = (result.stderr || result.stdout || String(result.error ?? '')).trim().split('\n')[0];
    return [{ file, line: 1, message: `stale (${answer}): ${remedy}` }];
  }
  if (result.status !== 0) {
    return [{ file, line: 1, message: `${program} failed: ${result.stderr || result.error}` }];
  }
  const text = tree.read(file);
  if (text === result.stdout) return [];
  return [{ file, line: firstDifference(text, result.stdout), message: `stale: ${remedy}` }];
}

export function makeGeneratedFilesRule(list: readonly GeneratedFile[]): Rule {
  return {
    name: 'generated-files',
    check: (tree) => list.flatMap((generated) => checkGenerated(tree, generated)),
  };
}

/** What is generated is what its generator writes today. */
export const generatedFiles = makeGeneratedFilesRule(generatedFilesOfProject);
