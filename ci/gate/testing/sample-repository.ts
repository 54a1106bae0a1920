import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository of its own in a temporary folder, for tests. */
export class SampleRepository {
  readonly root: string;

  constructor(root = mkdtempSync(join(tmpdir(), 'msgtrans-gate-repository-'))) {
    this.root = root;
  }

  static create(): SampleRepository {
    const repository = new SampleRepository();
    repository.git('init', '--quiet', '--initial-branch=main');
    return repository;
  }

  /** A further repository made from this one: `git clone` with these options. */
  clone(...options: string[]): SampleRepository {
    const root = mkdtempSync(join(tmpdir(), 'msgtrans-gate-clone-'));
    this.git('clone', '--quiet', ...options, `file://${this.root}`, root);
    return new SampleRepository(root);
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    const result = spawnSync('git', [...identity, ...args], { cwd: this.root, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
  }

  /** Commits these files and returns the commit. */
  commit(message: string, files: Readonly<Record<string, string>> = { 'file.txt': message }): string {
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
