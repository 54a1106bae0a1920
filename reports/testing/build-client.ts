import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../document/package-root.js';

export interface BuiltClient {
  /** The compiled entry, as `renderReport` takes it. */
  clientEntryPath: string;
  remove(): Promise<void>;
}

/**
 * Compiles the client from source into a temporary folder, so that tests see the source and not a
 * `dist/` that may be old.
 */
export async function buildClient(): Promise<BuiltClient> {
  const root = packageRoot();
  const folder = await mkdtemp(join(tmpdir(), 'msgtrans-report-client-'));
  const project = join(folder, 'tsconfig.json');
  await writeFile(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDir: root,
        outDir: join(folder, 'built'),
        incremental: false,
        tsBuildInfoFile: null,
        declaration: false,
        typeRoots: [join(root, 'node_modules', '@types')],
      },
      include: [join(root, 'reports', 'client', 'main.ts')],
    }),
  );
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', project]);
  return {
    clientEntryPath: join(folder, 'built', 'reports', 'client', 'main.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
