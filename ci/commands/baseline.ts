#!/usr/bin/env node
import { join, resolve } from 'node:path';
import { readRecord } from '../../reports/record-file/read-record.js';
import { ReportError } from '../../reports/record-file/report-error.js';
import { hashBaseline } from '../../scenarios/harness/build-record.js';
import { readMachine } from '../../scenarios/harness/machine.js';
import { runsFolder } from '../../scenarios/harness/run-places.js';
import {
  readScenarioSource,
  ScenarioNotFoundError,
  scenarioPath,
} from '../../scenarios/harness/scenario-file.js';
import { typedFrom } from '../../scenarios/harness/typed-path.js';
import { hashSuite, isSuite } from '../../suites/harness/suite-source.js';
import { baselineCommand } from '../baseline-command/baseline-command.js';
import { BaselineError } from '../baseline-store/baseline-error.js';
import { suiteOf } from '../baseline-store/stored-name.js';

/** `npm run baseline`: what is stored, and what is done with it. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const SCENARIOS = process.env.MSGTRANS_SCENARIOS_DIR ?? join(ROOT, 'scenarios');

process.exitCode = await baselineCommand(process.argv.slice(2), {
  baselines: process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines'),
  runs: runsFolder(ROOT, process.env),
  from: typedFrom(process.env),
  env: process.env,
  now: new Date(),
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  async readRecord(path) {
    try {
      return await readRecord(path);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      throw new BaselineError('ERR_BASELINE_RECORD', error.message, { cause: error });
    }
  },
  comparability(scenario) {
    const scenarioHash = hashOf(scenario);
    if (scenarioHash === null) return null;
    const { fingerprint } = readMachine(0);
    return { fingerprint, baselineHash: hashBaseline(ROOT), scenarioHash };
  },
});

/** Of a scenario's file, or a suite's sources; null where there is none of that name. */
function hashOf(scenario: string): string | null {
  const suite = suiteOf(scenario);
  if (suite !== null) return isSuite(ROOT, suite) ? hashSuite(ROOT, suite) : null;
  try {
    return readScenarioSource(scenarioPath(SCENARIOS, scenario)).hash;
  } catch (error) {
    if (error instanceof ScenarioNotFoundError) return null;
    throw error;
  }
}
