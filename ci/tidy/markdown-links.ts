import { posix } from 'node:path';
import type { Finding, Rule } from './problem.js';
import { lineAt } from './source-lines.js';
import type { Tree } from './tree.js';

const link =
  /!?\[[^\]\n]*\]\(\s*<?([^)>\s]+)>?(?:\s+"[^"]*")?\s*\)|<(?:img|a|source)\s[^>]*?(?:src|href|srcset)="([^"]+)"/g;

/** Code samples may show anything. */
function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, ' '));
}

/** A heading's anchor as GitHub makes it. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
  return new Set([...headings].map((heading) => plain(heading[1]!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))));
}

function checkTarget(tree: Tree, file: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [path = '', anchor] = target.split('#', 2);
  const full = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
  if (!tree.exists(full)) return `"${target}" leads nowhere`;
  const hasAnchor = anchor !== undefined && anchor !== '' && full.endsWith('.md');
  return hasAnchor && !anchorsOf(tree.read(full)).has(anchor)
    ? `"${target}": there is no such heading`
    : undefined;
}

function checkFile(tree: Tree, file: string): Finding[] {
  const text = withoutCode(tree.read(file));
  return [...text.matchAll(link)].flatMap((match) => {
    const message = checkTarget(tree, file, match[1] ?? match[2]!);
    return message === undefined ? [] : [{ file, line: lineAt(text, match.index), message }];
  });
}

/** Documents link to files and headings that exist. */
export const markdownLinks: Rule = {
  name: 'markdown-links',
  check: (tree) => tree.files.filter((file) => file.endsWith('.md')).flatMap((file) => checkFile(tree, file)),
};
