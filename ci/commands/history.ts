#!/usr/bin/env node
import { join, resolve } from 'node:path';
import { runsFolder } from '../../scenarios/harness/run-places.js';
import { historyCommand } from '../history/history-command.js';

/** `npm run history`: what the gates measured over time. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

process.exitCode = historyCommand(process.argv.slice(2), {
  runs: runsFolder(ROOT, process.env),
  baselines: process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines'),
  // npm runs scripts in the package's folder; paths are those of where the user stood.
  from: process.env.INIT_CWD ?? process.cwd(),
  env: process.env,
  terminal: process.stdout.isTTY === true,
  print: (text) => process.stdout.write(text),
  complain: (line) => process.stderr.write(`${line}\n`),
});
