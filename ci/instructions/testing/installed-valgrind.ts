import { spawnSync } from 'node:child_process';

/** Whether the tests that count can run here. Where CI is set it has to be there, and what is left out fails. */
export const hasValgrind = spawnSync('valgrind', ['--version']).status === 0;
