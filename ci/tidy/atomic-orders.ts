import { withoutComments, withoutCommentsAndStrings } from './code-without-comments.js';
import { isCpp } from './file-kinds.js';
import type { Finding, Rule } from './problem.js';
import { lineAt } from './source-lines.js';
import type { Tree } from './tree.js';

const operation =
  /(?:\.|->)\s*(load|store|exchange|compare_exchange_(?:weak|strong)|fetch_(?:add|sub|and|or|xor)|test_and_set)\s*\(/g;
const atomicMember = /\bstd::atomic(?:_\w+)?\s*(?:<[^;{}()]*>)?\s+(\w+_)\s*(?:[;{=[]|\balignas)/g;
const fence = /\batomic_(?:thread|signal)_fence\s*\(/g;

/** The text between a call's parentheses, given the position behind the opening one. */
function argumentsAt(code: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; end < code.length && depth > 0; end += 1) {
    if (code[end] === '(') depth += 1;
    if (code[end] === ')') depth -= 1;
  }
  return code.slice(start, end - 1);
}

function findUnorderedCalls(file: string, code: string): Finding[] {
  return [...code.matchAll(operation)].flatMap((match) => {
    if (/\bmemory_order/.test(argumentsAt(code, match.index + match[0].length))) return [];
    const message = `${match[1]}() without a memory order: spell it, and name its partner in a comment`;
    return [{ file, line: lineAt(code, match.index), message }];
  });
}

/** `x_++`, `x_ += 1` and `x_ = 1` on an atomic are sequentially consistent without saying so. */
function findOperators(file: string, code: string, members: Set<string>): Finding[] {
  return [...members].flatMap((member) => {
    const use = new RegExp(
      String.raw`(?:\+\+|--)\s*${member}\b|\b${member}\s*(?:\+\+|--|[-+&|^]?=(?!=))`,
      'g',
    );
    return [...code.matchAll(use)].flatMap((match) => {
      const before = code.slice(code.lastIndexOf('\n', match.index) + 1, match.index);
      if (before.includes('std::atomic')) return [];
      const message = `"${match[0]}" on an atomic hides its order: use store or fetch_… with a memory order`;
      return [{ file, line: lineAt(code, match.index), message }];
    });
  });
}

function findBareFences(file: string, code: string, source: string): Finding[] {
  const lines = source.split('\n');
  const hasComment = (line: number) =>
    /\/\/|\*\//.test(lines[line - 1] ?? '') || /^\s*(\/\/|\*|\/\*)/.test(lines[line - 2] ?? '');
  return [...code.matchAll(fence)].flatMap((match) => {
    const line = lineAt(code, match.index);
    return hasComment(line)
      ? []
      : [{ file, line, message: 'a fence without a comment that names its partner' }];
  });
}

/** Members declared in the file, or in the header beside it. */
function atomicMembers(tree: Tree, file: string): Set<string> {
  const header = file.replace(/(?:_test)?\.cc$/, '.h');
  const sources = [file, ...(header !== file && tree.files.includes(header) ? [header] : [])];
  return new Set(
    sources.flatMap((path) =>
      [...withoutComments(tree.read(path)).matchAll(atomicMember)].map((match) => match[1]!),
    ),
  );
}

/** Every atomic access spells its order, and no fence stands without a reason. */
export const atomicOrders: Rule = {
  name: 'atomic-orders',
  check: (tree) =>
    tree.files.filter(isCpp).flatMap((file) => {
      const source = tree.read(file);
      const code = withoutCommentsAndStrings(source);
      return [
        ...findUnorderedCalls(file, code),
        ...findOperators(file, code, atomicMembers(tree, file)),
        ...findBareFences(file, code, source),
      ];
    }),
};
