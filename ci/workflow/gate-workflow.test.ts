import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseGateOptions } from '../gate/options.js';
import { parseHistoryOptions } from '../history/options.js';

const ROOT = join(import.meta.dirname, '..', '..');

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: object;
  concurrency: Record<string, string>;
  jobs: Record<string, { permissions: Record<string, string>; steps: Step[]; if?: string }>;
}

const workflow = parse(readFileSync(join(ROOT, '.github', 'workflows', 'gate.yml'), 'utf8')) as Workflow;
const scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

function runOf(name: string): string {
  const run = steps.find((step) => step.name === name)?.run;
  if (run === undefined) throw new Error(`no step "${name}" that runs something`);
  return run;
}

/** The commands `npm run …` of a shell text, as words; comments may name others. */
function npmCommands(text: string): string[][] {
  const joined = text.replaceAll(/^\s*#.*$/gm, '').replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/\bnpm run (?:--silent )?([^\n;|&]*)/g)].map((match) =>
    match[1]
      .trim()
      .split(/\s+/)
      .map((word) => word.replaceAll('"', '')),
  );
}

describe('the workflow of the gate', () => {
  it('runs for pull requests, on main and weekly, with the whole history and no more rights than it needs', () => {
    expect(Object.keys(workflow.on).sort()).toEqual(['pull_request', 'push', 'schedule']);
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.gate.permissions).toEqual({ contents: 'read', actions: 'read' });
    expect(workflow.jobs.comment.permissions).toEqual({ 'pull-requests': 'write' });
    expect(workflow.jobs.comment.if).toContain('head.repo.full_name == github.repository');
    const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toMatchObject({ 'fetch-depth': 0, 'persist-credentials': false });
    expect(workflow.concurrency['cancel-in-progress']).toContain('pull_request');
  });

  it("uses GitHub's own actions alone, each pinned to a major version", () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used.length).toBeGreaterThan(5);
    for (const each of used) expect(each).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });

  it('gives nothing of the change to a shell as text', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  it('names only scripts that exist, and options that they take', () => {
    const commands = steps.flatMap(({ run }) => npmCommands(run ?? ''));
    expect(commands.map(([script]) => script)).toEqual(['build', 'gate', 'history']);
    for (const [script, separator, ...words] of commands) {
      expect(Object.keys(scripts)).toContain(script);
      if (script === 'history') expect(parseHistoryOptions(words)).toMatchObject({ check: true });
      if (script !== 'gate') continue;
      expect(separator).toBe('--');
      const args = words.filter((word) => !word.startsWith('${which'));
      expect(parseGateOptions(args, 1)).toMatchObject({ allowInconclusive: true, budgetMinutes: 40 });
      expect(runOf('Gate')).toContain('which=(--anchor)');
      expect(parseGateOptions([...args, '--anchor'], 1)?.anchor).toBe(true);
    }
  });

  it('does the same in .ci/run', () => {
    const commands = npmCommands(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'));
    const gate = commands.find(([script]) => script === 'gate')?.slice(2) ?? [];
    const args = gate.slice(0, gate.indexOf('--no-progress') + 1);
    expect(parseGateOptions(args, 1)).toMatchObject({
      allowInconclusive: true,
      metricPattern: 'throughput_ops_per_s',
    });
    for (const [script] of commands) expect(Object.keys(scripts)).toContain(script);
  });

  it('is shell that a shell can read', () => {
    for (const { run } of steps.filter((step) => step.run !== undefined)) {
      expect(spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    }
  });
});

describe('the comment on a pull request', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'msgtrans-comment-'));
    mkdirSync(join(folder, 'results'));
    mkdirSync(join(folder, 'bin'));
    // Writes down what is asked for; answers with the comments there are; refuses what it is told to refuse.
    const gh = `#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case " $* " in *" $REFUSE "*) echo 'HTTP 403' >&2; exit 1 ;; esac
case " $* " in *' --jq '*) printf '%s' "$IDS" ;; esac
`;
    writeFileSync(join(folder, 'bin', 'gh'), gh);
    chmodSync(join(folder, 'bin', 'gh'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function comment(markdown: string | null, ids: string, refuse = 'nothing') {
    if (markdown !== null) writeFileSync(join(folder, 'results', 'gate.md'), markdown);
    const calls = join(folder, 'calls');
    const result = spawnSync('bash', ['-e', '-c', runOf('Comment')], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        ...{ GITHUB_REPOSITORY: 'us/it', PULL_REQUEST: '12', CALLS: calls, IDS: ids, REFUSE: refuse },
      },
    });
    const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
    const writes = lines
      .filter((line) => line.includes('--method'))
      .map((line) => line.replace('api --silent --method ', ''));
    return { status: result.status, stdout: result.stdout, writes };
  }

  it('is written when there is something to tell, with its mark before it', () => {
    expect(comment('### fail\n', '')).toMatchObject({
      status: 0,
      writes: ['POST repos/us/it/issues/12/comments --field body=@body.md'],
    });
    expect(readFileSync(join(folder, 'body.md'), 'utf8')).toBe('<!-- performance gate -->\n### fail\n');
  });

  it('is brought up to date when it is there already', () => {
    const { writes } = comment('### fail\n', '77\n78\n');
    expect(writes).toEqual(['PATCH repos/us/it/issues/comments/77 --field body=@body.md']);
  });

  it('is taken away when there is nothing to tell any more, and else not made', () => {
    expect(comment('', '77\n').writes).toEqual(['DELETE repos/us/it/issues/comments/77']);
    rmSync(join(folder, 'calls'));
    expect(comment('', '')).toMatchObject({ status: 0, writes: [] });
  });

  it('stays as it is when the gate gave no verdict', () => {
    expect(comment(null, '77\n')).toMatchObject({ status: 0, writes: [] });
  });

  it.each([
    ['POST', ''],
    ['PATCH', '77'],
    ['--jq', '77'],
  ])('that may not be written fails nothing, and is said: %s', (refuse, ids) => {
    const { status, stdout } = comment('### fail\n', ids, refuse);
    expect(status).toBe(0);
    expect(stdout).toContain('::notice title=gate::the comment could not be brought up to date');
  });
});
