import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assemblePage } from './assemble.js';
import { escapedJson } from './escape-json.js';
import { inlineModules } from './inline-modules.js';
import { packageRoot } from './package-root.js';

describe('escaped JSON', () => {
  it('cannot end its element or a line, and reads back the same', () => {
    const value = { '</script>': '<!-- \u2028 \u2029 <script>' };
    const text = escapedJson(value);
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('templates', () => {
  it('never ask for raw output', async () => {
    const folder = join(packageRoot(), 'reports', 'templates');
    for (const file of await readdir(folder)) {
      const text = await readFile(join(folder, file), 'utf8');
      expect(text, file).not.toMatch(/\{\{\{|\{\{&/);
    }
  });
});

describe('page assembly', () => {
  const assets = { style: 'p { color: red }', scripts: ['first()', 'second()'] };
  const data = { charts: { a: '</script>' }, records: [{ id: 'run-1-record', json: '{}' }] };

  it('allows its own scripts and styles by hash and nothing else', () => {
    const page = assemblePage('title', '<p>body</p>', assets, data);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash('first()')} ${hash('second()')}`,
      `style-src ${hash('p { color: red }')}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(policy).not.toMatch(/unsafe/);
  });

  it('allows no script at all on a page that has none, and carries no data for one', () => {
    const page = assemblePage('title', '', { style: '', scripts: [] }, { charts: {}, records: [] });
    expect(page).toContain("script-src 'none';");
    expect(page).not.toContain('<script');
  });

  it('escapes the title and the data', () => {
    const page = assemblePage('</title><script>', '', assets, data);
    expect(page).toContain('<title>&lt;/title&gt;&lt;script&gt;</title>');
    expect(page).toContain('{"a":"\\u003c/script>"}');
  });

  it('refuses a script that would end its own element', () => {
    expect(() => assemblePage('', '', { ...assets, scripts: ['"</script>"'] }, data)).toThrow(
      /contains "<\/script"/,
    );
  });
});

describe('inlined modules', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'msgtrans-inline-'));
    await mkdir(join(folder, 'client'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const put = (name: string, text: string) => writeFile(join(folder, name), text);

  it('run as one script in which names of different modules do not clash', async () => {
    await put(
      'shared.js',
      "const hidden = 'shared';\nexport function name() {\n  return hidden;\n}\nexport const size = 2;\n",
    );
    await put(
      'client/other.js',
      "import { size } from '../shared.js';\nconst hidden = size * 2;\nexport { };\nexport const doubled = hidden;\n",
    );
    await put(
      'client/main.js',
      "import { name as nameOf } from '../shared.js';\nimport { doubled } from './other.js';\nconst hidden = nameOf() + doubled;\nresult.value = hidden;\n//# sourceMappingURL=main.js.map\n",
    );
    const result = { value: '' };
    const script = await inlineModules(join(folder, 'client', 'main.js'));
    runInNewContext(script, { result });
    expect(result.value).toBe('shared4');
    expect(script).not.toContain('sourceMappingURL');
    expect(script).not.toContain(folder);
  });

  it.each([
    ["import * as all from './other.js';\n", /cannot inline "import \* as all/],
    ['export default 1;\n', /cannot inline "export default 1;"/],
    ["import { a } from './missing.js';\n", /missing\.js is missing.*npm run build/],
    ["import { a } from './main.js';\nexport const a = 1;\n", /imports itself/],
  ])('refuse what they cannot inline: %s', async (text, message) => {
    await put('client/main.js', text);
    await expect(inlineModules(join(folder, 'client', 'main.js'))).rejects.toThrow(message);
  });
});
