import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { projectRoot } from './project.mjs';

// Where the packages of the rivals are installed, as in CI, nothing else compiles what stands in for them.
test.each(['lock_free_map_loops.cc', 'event_queue_loops.cc'])('%s compiles without any rival', (file) => {
  const options = [
    '-std=c++20',
    '-fsyntax-only',
    '-Wall',
    '-Wextra',
    '-Inative',
    '-DMSGTRANS_WITHOUT_RIVALS',
  ];
  const { status, stderr } = spawnSync(process.env.CXX ?? 'g++', [...options, `native/loops/${file}`], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
