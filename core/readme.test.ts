import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Inside the repository, so that the example resolves `msgtrans` as a user's script would: through the package.
const folder = join(root, 'dist', 'readme-example');

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the example in the README compiles and works as printed', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  expect(example).toContain("from 'msgtrans'");
  expect(example!.trim().split('\n').length).toBeLessThanOrEqual(20);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'example.ts'), example!);
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    strict: true,
    rootDir: '.',
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }));
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
    cwd: root,
  });
  const { stdout } = await run(process.execPath, [join(folder, 'example.js')], {
    cwd: folder,
    timeout: 20_000,
  });
  expect(stdout).toBe('hello\n');
}, 60_000);
