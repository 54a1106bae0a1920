import { expect, test } from 'vitest';
import { escapedTemplates } from './escaped-templates.js';
import { findingsIn } from './temporary-tree.js';

test('a template that prints without escaping is found', () => {
  const found = findingsIn(escapedTemplates, {
    'reports/a.hbs': '<p>{{name}}</p>\n<p>{{{name}}}</p>\n<p>{{~{name}~}}</p>\n<p>{{& name}}</p>\n',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'reports/a.hbs:2',
    'reports/a.hbs:3',
    'reports/a.hbs:4',
  ]);
});
