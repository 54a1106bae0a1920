import { expect, test } from 'vitest';
import { markdownLinks } from './markdown-links.js';
import { findingsIn } from './temporary-tree.js';

test('links to files and headings that do not exist are found', () => {
  const found = findingsIn(markdownLinks, {
    'README.md': [
      '# The *first* heading!',
      '[ok](docs/guide.md) [ok](docs/guide.md#two-words) [ok](#the-first-heading) [ok](https://example.org/x)',
      '[gone](docs/none.md)',
      '![picture](none.png) and <img src="none.svg" alt="">',
      '[no heading](docs/guide.md#three)',
      '`[code](none.md)`',
    ].join('\n'),
    'docs/guide.md': '## Two words\n[up](../README.md)\n',
  });
  expect(found).toEqual([
    'README.md:3 "docs/none.md" leads nowhere',
    'README.md:4 "none.png" leads nowhere',
    'README.md:4 "none.svg" leads nowhere',
    'README.md:5 "docs/guide.md#three": there is no such heading',
  ]);
});
