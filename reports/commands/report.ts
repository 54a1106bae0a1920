#!/usr/bin/env node
import { reportCommand } from '../command-line/report-command.js';
import { packageRoot } from '../document/package-root.js';

process.exitCode = await reportCommand(process.argv.slice(2), {
  root: packageRoot(),
  env: process.env,
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
});
