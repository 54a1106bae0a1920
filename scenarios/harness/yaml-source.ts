import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { type FileProblem, FileProblemsError } from './file-problem.js';

/** A parsed YAML file that still knows where everything stood. */
export interface YamlSource {
  text: string;
  value: unknown;
  /** Where the value at this path begins; of the nearest parent that exists otherwise. */
  position(path: readonly PropertyKey[]): { line: number; column: number };
  /** Where the key itself begins. */
  keyPosition(path: readonly PropertyKey[]): { line: number; column: number };
}

/** Aliases are a convenience; a file that needs more than this is an attack or a mistake. */
const ALIASES_MAX = 32;

/** Names that would reach an object's prototype instead of its own properties. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export function readYaml(file: string, bytes: Uint8Array): YamlSource {
  const fail = (problems: FileProblem[], text = ''): never => {
    throw new FileProblemsError(file, text, problems);
  };
  const first = { line: 1, column: 1 };
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    fail([{ ...first, message: 'the file is not valid UTF-8' }]);
  }
  const lines = new LineCounter();
  let document: Document.Parsed | null = null;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false, schema: 'core' });
  } catch (error) {
    // The parser recurses; thousands of nested brackets exhaust the stack.
    const nested = error instanceof RangeError;
    fail([{ ...first, message: nested ? 'the file is nested too deeply' : String(error) }], text);
  }
  const parsed = document as Document.Parsed;
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: FileProblem[] = [...parsed.errors, ...parsed.warnings].map((problem) => ({
    ...place(problem.pos[0]),
    message: problem.message,
  }));
  problems.push(...dangerousNodes(parsed, place));
  if (problems.length > 0) fail(problems, text);
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    fail([{ ...first, message: error instanceof Error ? error.message : String(error) }], text);
  }
  return {
    text,
    value,
    position: (path) => place(offsetOf(parsed, path)),
    keyPosition: (path) => place(keyOffsetOf(parsed, path)),
  };
}

function dangerousNodes(document: Document.Parsed, place: (offset: number) => object): FileProblem[] {
  const problems: FileProblem[] = [];
  let aliases = 0;
  try {
    visit(document, (_, node) => {
      if (isPair(node) && isScalar(node.key) && FORBIDDEN_KEYS.has(String(node.key.value))) {
        const at = place(node.key.range?.[0] ?? 0) as FileProblem;
        problems.push({ ...at, message: `the key "${node.key.value}" is not allowed` });
      }
      if (isAlias(node) && ++aliases === ALIASES_MAX + 1) {
        const at = place(node.range?.[0] ?? 0) as FileProblem;
        problems.push({ ...at, message: `more than ${ALIASES_MAX} aliases: write the values out` });
      }
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.push({ line: 1, column: 1, message: 'the file is nested too deeply' });
  }
  return problems;
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    for (const pair of parent.items) {
      if (isScalar(pair.key) && String(pair.key.value) === String(path.at(-1)) && pair.key.range) {
        return pair.key.range[0];
      }
    }
  }
  return offsetOf(document, path);
}
