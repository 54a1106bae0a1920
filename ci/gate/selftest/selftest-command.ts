import { resolve } from 'node:path';
import { Children, type ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import { readBuild } from '../../../scenarios/harness/build-record.js';
import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { EXIT, type ExitCode } from '../../../scenarios/harness/exit-code.js';
import { acquireLock, describeHolder } from '../../../scenarios/harness/lock.js';
import { swallowedByNpm } from '../../../scenarios/harness/npm-swallowed.js';
import { trapSignals } from '../../../scenarios/harness/signals.js';
import { UsageError } from '../../../scenarios/harness/usage-error.js';
import type { Preflight } from '../preflight/preflight.js';
import { stretchesBefore } from './bank-file.js';
import { calibrationInvocations } from './calibrate.js';
import { measureSeries } from './measure-series.js';
import { reportBanks } from './report-banks.js';
import {
  type MeasureOptions,
  parseSelftestOptions,
  SELFTEST_OPTIONS,
  selftestHelp,
} from './selftest-options.js';
import type { ServerCommands } from './subject.js';

/** Whoever waits for the machine waits as long as this may take; an invocation takes a quarter of a minute. */
const INVOCATION_MS_MAX = 60_000;

/** What the command is told by the one that starts it. */
export interface SelftestSurroundings {
  rootDir: string;
  environment: NodeJS.ProcessEnv;
  commands: ServerCommands;
  generatorCommand: ProcessCommand;
  /** Parameters of the gated scenario. */
  defaults: () => CaseParameters;
  lookAtMachine(signal: AbortSignal): Promise<Preflight>;
}

/** `npm run gate -- selftest …`; `args` are those behind the word. */
export async function runSelftest(
  args: readonly string[],
  surroundings: SelftestSurroundings,
): Promise<ExitCode> {
  const { environment } = surroundings;
  const command = { name: 'gate', options: SELFTEST_OPTIONS };
  const intended = swallowedByNpm(['selftest', ...args], environment, command);
  if (intended !== null) {
    const line = intended.replace('npm run gate selftest --', 'npm run gate -- selftest');
    throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${line}`);
  }
  const options = parseSelftestOptions(args, Date.now() >>> 0);
  if (options === null) {
    process.stdout.write(selftestHelp());
    return EXIT.pass;
  }
  if (options.action === 'report') {
    process.stdout.write(reportBanks(options));
    return EXIT.pass;
  }
  return measure({ ...options, bank: resolve(options.bank) }, surroundings);
}

async function measure(options: MeasureOptions, surroundings: SelftestSurroundings): Promise<ExitCode> {
  // A bank that may not be written ends the command before it waits for anything.
  stretchesBefore(options.bank, options.resume);
  const children = new Children();
  const signals = trapSignals(children);
  try {
    const release = await acquireLock({
      ...{ purpose: 'gate selftest', signal: signals.signal },
      heldMsMax: (calibrationInvocations().max + options.invocations) * INVOCATION_MS_MAX,
      onWait: (holder) => process.stderr.write(`waiting for ${describeHolder(holder)}\n`),
    });
    try {
      // And again, as whoever had the lock before left it; the checkout may be another one by now, too.
      const before = stretchesBefore(options.bank, options.resume);
      const { commit, dirty } = readBuild(surroundings.rootDir);
      const { text, exitCode } = await measureSeries({
        ...{ options, surroundings, before, children, signal: signals.signal },
        build: { commit, dirty },
      });
      process.stdout.write(text);
      return exitCode;
    } finally {
      release();
    }
  } finally {
    signals.release();
  }
}
