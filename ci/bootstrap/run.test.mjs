import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSampleProject, runSample, startCommand, writeFiles } from './sample-project.mjs';

/** @type {ReturnType<typeof createSampleProject>} */
let project;
/** @param {string} path */
const at = (path) => join(project.root, path);
/** @param {string} name */
const stamp = (name) => at(`dist/.bootstrap/${name}.json`);
const probe = 'native/build/Release/probe';

beforeAll(async () => {
  project = createSampleProject();
  const first = await runSample(project.root, ['scenario', 'exit', '0']);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('"exit"') });
  expect(first.stderr).toContain('building the native engine…');
  expect(first.stderr).toContain('compiling TypeScript…');
}, 120_000);

afterAll(() => project.remove());

describe('a build that is there is used', () => {
  test('a second run builds nothing and says nothing', async () => {
    const before = statSync(at(probe)).mtimeMs;
    expect(await runSample(project.root, ['scenario'])).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(at(probe)).mtimeMs).toBe(before);
  });

  test('new times with old contents, as after a checkout, build nothing', async () => {
    utimesSync(at('native/probe.cc'), new Date(), new Date());
    utimesSync(at('scenarios/commands/scenario.ts'), new Date(), new Date());
    expect(await runSample(project.root, ['scenario'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('neither a missing compiler nor a missing home matters then', async () => {
    const result = await runSample(project.root, ['scenario'], {
      PATH: '/nonexistent',
      HOME: '/nonexistent',
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
  });
});

describe("the suites' loops", () => {
  const loops = 'native/loops/build/Release/probe';

  test('are built when a suite is run, or a scenario over threads, and by no command that needs none', async () => {
    expect(existsSync(at(loops))).toBe(false);
    const first = await runSample(project.root, ['suite', 'numa', '--quick']);
    expect(first).toMatchObject({ code: 0, stdout: '["numa","--quick"]\n' });
    expect(first.stderr).toBe("building the suites' loops…\n");
    expect(existsSync(at(loops))).toBe(true);
    expect(await runSample(project.root, ['suite'])).toMatchObject({ code: 0, stderr: '' });
    rmSync(at('native/loops/build'), { recursive: true });
    writeFiles(project.root, {
      'scenarios/sending.yaml': 'defaults: { load: closed }\n',
      'scenarios/sharing.yaml': 'defaults:\n  load: threads\n',
    });
    expect((await runSample(project.root, ['scenario', 'sending', '--quick'])).stderr).toBe('');
    const sharing = await runSample(project.root, ['scenario', 'sharing', '--quick']);
    expect(sharing).toMatchObject({ code: 0, stderr: "building the suites' loops…\n" });
  });

  test('are built where instructions are to be counted: by that command, and by a gate that is asked for it', async () => {
    const command = 'console.log(JSON.stringify(process.argv.slice(2)));\n';
    writeFiles(project.root, { 'ci/commands/gate.ts': command, 'ci/commands/instructions.ts': command });
    rmSync(at('native/loops/build'), { recursive: true });
    expect(await runSample(project.root, ['gate', '--budget', '1'])).toMatchObject({ code: 0 });
    expect(existsSync(at(loops))).toBe(false);
    for (const parameters of [['gate', '--instructions'], ['instructions']]) {
      const counting = await runSample(project.root, parameters);
      expect(counting).toMatchObject({ code: 0, stdout: `${JSON.stringify(parameters.slice(1))}\n` });
      expect(existsSync(at(loops))).toBe(true);
      rmSync(at('native/loops/build'), { recursive: true });
    }
    expect((await runSample(project.root, ['suite'])).code).toBe(0);
  });

  test('are built anew when a source of theirs changed, which the engine does not mind', async () => {
    writeFiles(project.root, { 'native/loops/pool_loops.cc': '' });
    expect(await runSample(project.root, ['scenario'])).toMatchObject({ code: 0, stderr: '' });
    const again = await runSample(project.root, ['suite']);
    expect(again).toMatchObject({ code: 0, stderr: "building the suites' loops…\n" });
  });
});

describe('a build that is not right is made again', () => {
  test.each(['native', 'typescript'])('a %s stamp that cannot be read', async (name) => {
    writeFileSync(stamp(name), '{"key": "broken');
    const { code, stderr } = await runSample(project.root, ['build']);
    expect({ code, builds: stderr.trim().split('\n').length }).toEqual({ code: 0, builds: 1 });
    expect(JSON.parse(readFileSync(stamp(name), 'utf8')).files.length).toBeGreaterThan(1);
  });

  test('an output that is damaged or gone', async () => {
    const size = statSync(at(probe)).size;
    truncateSync(at(probe), 10);
    rmSync(at('dist/scenarios/commands/scenario.js'));
    expect((await runSample(project.root, ['scenario'])).code).toBe(0);
    expect(statSync(at(probe)).size).toBe(size);
  });

  test('a changed source, and no more than that', async () => {
    writeFiles(project.root, { 'native/probe.cc': 'int main() { return 1; }\n' });
    const native = await runSample(project.root, ['build']);
    expect(native).toMatchObject({ code: 0, stderr: 'building the native engine…\n' });
    writeFiles(project.root, { 'core/extra.ts': 'export const extra = 1;\n' });
    const typescript = await runSample(project.root, ['build']);
    expect(typescript).toMatchObject({ code: 0, stderr: 'compiling TypeScript…\n' });
  });

  test('the output of a deleted source goes with it', async () => {
    writeFiles(project.root, { 'core/passing.ts': 'export const passing = 1;\n' });
    await runSample(project.root, ['build']);
    expect(readdirSync(at('dist/core'))).toContain('passing.js');
    rmSync(at('core/passing.ts'));
    await runSample(project.root, ['build']);
    expect(readdirSync(at('dist/core')).filter((name) => name.startsWith('passing'))).toEqual([]);
  });
});

describe('what cannot be built is explained', () => {
  test('missing programs are one sentence with the packages to install', async () => {
    writeFiles(project.root, { 'native/probe.cc': 'int main() { return 2; }\n' });
    const { code, stdout, stderr } = await runSample(project.root, ['scenario'], {
      PATH: '/nonexistent',
      CXX: '',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'Building the native engine needs python3, make and g++, which are not installed; ' +
        'on Debian or Ubuntu run: apt-get install -y python3 make g++\n',
    );
  });

  test("a compiler's complaint is shown with the place of the log and the next step", async () => {
    writeFiles(project.root, { 'native/probe.cc': 'int main() { return nothing; }\n' });
    const { code, stderr } = await runSample(project.root, ['scenario']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing');
    expect(stderr).toContain('dist/.bootstrap/native-build.log');
    expect(stderr).toContain('npm run build');
    expect(stderr).not.toContain('at async');
    writeFiles(project.root, { 'native/probe.cc': 'int main() { return 0; }\n' });
  });

  test('a type error likewise', async () => {
    writeFiles(project.root, { 'core/wrong.ts': 'export const wrong: number = "text";\n' });
    const { code, stderr } = await runSample(project.root, ['scenario']);
    expect(code).toBe(1);
    expect(stderr).toContain('core/wrong.ts');
    expect(stderr).toContain('dist/.bootstrap/typescript-build.log');
    rmSync(at('core/wrong.ts'));
    expect((await runSample(project.root, ['scenario'])).code).toBe(0);
  });

  test('an unknown command is named, with those that exist', async () => {
    const { code, stderr } = await runSample(project.root, ['scenarios']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown command "scenarios"; the commands are: build, scenario/);
  });
});

describe('circumstances', () => {
  test('it builds without a home', async () => {
    for (const home of ['', '/nonexistent/home']) {
      writeFiles(project.root, { 'native/probe.cc': `int main() { return ${home.length}; }\n` });
      expect(await runSample(project.root, ['build'], { HOME: home })).toMatchObject({ code: 0 });
    }
  });

  test('of two at the same time one builds and the other waits for it', async () => {
    writeFiles(project.root, { 'native/probe.cc': 'int main() { return 4; }\n' });
    const results = await Promise.all([1, 2].map(() => runSample(project.root, ['scenario', 'exit', '0'])));
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    const said = results.map(({ stderr }) => stderr).join('');
    expect(said.match(/building the native engine/g)).toHaveLength(1);
  });
});

describe('the command is as if it had been typed itself', () => {
  test('arguments, environment and exit code pass through', async () => {
    const result = await runSample(project.root, ['scenario', 'exit', '6', '--', '--quick'], {
      SAMPLE: 'yes',
    });
    expect(result.code).toBe(6);
    expect(JSON.parse(result.stdout)).toEqual({ parameters: ['exit', '6', '--', '--quick'], sample: 'yes' });
  });

  test.each(/** @type {const} */ (['SIGINT', 'SIGTERM']))(
    '%s reaches it once, and its answer counts',
    async (signal) => {
      const { child, ended, printed } = startCommand(project.root, ['scenario', 'wait', '130']);
      await printed('waiting');
      child.kill(signal);
      const result = await ended;
      expect(result).toMatchObject({ code: 130, signal: null });
      expect(result.stdout).toContain(`${signal} 1\n`);
    },
  );
});

test('an interrupted build ends at once, with everything it started', async () => {
  const compiler = at('slow-compiler');
  const pidFile = at('compiler.pid');
  const script = `#!/bin/sh\n[ "$1" = -dumpversion ] && echo 12 && exit\necho $$ > ${pidFile}\nexec sleep 60\n`;
  writeFileSync(compiler, script, { mode: 0o755 });
  writeFiles(project.root, { 'native/probe.cc': 'int main() { return 5; }\n' });
  const { child, ended } = startCommand(project.root, ['scenario'], { CXX: compiler });
  const compilerPid = await vi.waitFor(
    () => Number(readFileSync(pidFile, 'utf8').match(/^(\d+)\n/)?.[1]),
    20_000,
  );
  expect(compilerPid).toBeGreaterThan(0);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130, stdout: '' });
  await vi.waitFor(() => expect(() => process.kill(compilerPid, 0)).toThrow('ESRCH'), 10_000);
});
