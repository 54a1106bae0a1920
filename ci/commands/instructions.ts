#!/usr/bin/env node
import { join, resolve } from 'node:path';
import { Children } from '../../scenarios/harness/arm-process.js';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { EXIT, type ExitCode } from '../../scenarios/harness/exit-code.js';
import { InterruptedError } from '../../scenarios/harness/interruption.js';
import { swallowedByNpm } from '../../scenarios/harness/npm-swallowed.js';
import { runsFolder } from '../../scenarios/harness/run-places.js';
import { trapSignals } from '../../scenarios/harness/signals.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { compareCounts, GROWTH_LIMIT_PERCENT } from '../instructions/compare-counts.js';
import { countPaths, type PathCount } from '../instructions/count-paths.js';
import { countedProgram, listPaths } from '../instructions/counted-program.js';
import {
  type CountingToolchain,
  readCountingToolchain,
  toolchainKey,
  toolchainWords,
} from '../instructions/counting-toolchain.js';
import { countsFileOf, countsPath, readCounts, writeCounts } from '../instructions/counts-file.js';
import { countsTable } from '../instructions/counts-text.js';
import { profilesFolder } from '../instructions/gate-counts.js';
import { InstructionError } from '../instructions/instruction-error.js';
import {
  chosenPaths,
  INSTRUCTION_OPTIONS,
  type InstructionOptions,
  instructionsHelp,
  parseInstructionOptions,
} from '../instructions/options.js';
import { renewCounts } from '../instructions/renew-counts.js';

/** `npm run instructions`: what the engine's hot paths execute, against what is stored for this toolchain. */

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const BASELINES = process.env.MSGTRANS_BASELINES_DIR ?? join(ROOT, 'ci', 'baselines');
const PROGRAM = countedProgram(ROOT);

async function main(): Promise<ExitCode> {
  const args = process.argv.slice(2);
  const command = { name: 'instructions', options: INSTRUCTION_OPTIONS };
  const intended = swallowedByNpm(args, process.env, command);
  if (intended !== null)
    throw new UsageError(`npm kept options for itself; put them behind "--":\n  ${intended}`);
  const options = parseInstructionOptions(args);
  if (options === null) {
    process.stdout.write(instructionsHelp());
    return EXIT.pass;
  }
  const toolchain = readCountingToolchain(PROGRAM);
  const all = listPaths(PROGRAM);
  const chosen = chosenPaths(all, options.path);
  const signals = trapSignals(new Children());
  try {
    const folder = profilesFolder(runsFolder(ROOT, process.env));
    const counts = await countPaths({ program: PROGRAM, folder }, chosen, signals.signal);
    return conclude(counts, { options, toolchain, allPaths: options.path === null ? all : null });
  } finally {
    signals.release();
  }
}

interface Context {
  options: InstructionOptions;
  toolchain: CountingToolchain;
  allPaths: readonly string[] | null;
}

function conclude(counts: readonly PathCount[], { options, toolchain, allPaths }: Context): ExitCode {
  const file = readCounts(BASELINES, toolchain);
  const stored = file?.paths ?? {};
  const lines = compareCounts({ counts, stored, allPaths });
  const grown = lines.filter(({ finding }) => finding === 'grown');
  process.stdout.write(`instructions per operation, ${toolchainWords(toolchain)}\n\n${countsTable(lines)}\n`);
  if (file === null) {
    process.stdout.write(
      `no counts are stored for this toolchain, ${toolchainKey(toolchain)}: nothing was compared\n` +
        (options.save ? '' : 'Store these with: npm run instructions -- --save\n'),
    );
  } else if (grown.length > 0) {
    process.stdout.write(
      `${grown.length} of ${lines.length} paths execute more than ${GROWTH_LIMIT_PERCENT} % more than stored\n`,
    );
  }
  if (options.json !== null) {
    const content = {
      ...{ toolchain, key: toolchainKey(toolchain), limitPercent: GROWTH_LIMIT_PERCENT },
      counts,
      lines,
    };
    // npm runs scripts in the package's folder; paths are those of where the user stood.
    const path = resolve(process.env.INIT_CWD ?? process.cwd(), options.json);
    writeFileAtomic(
      path,
      `${JSON.stringify({ schema: 'msgtrans.instruction-report/1', ...content }, null, 1)}\n`,
    );
  }
  if (options.save) {
    const { paths, changed } = renewCounts(stored, counts, options.acceptGrowth, allPaths);
    const said = changed.length === 0 ? 'nothing to store anew' : `stored anew: ${changed.join(', ')}`;
    const path =
      changed.length === 0
        ? countsPath(BASELINES, toolchain)
        : writeCounts(BASELINES, countsFileOf(toolchain, paths));
    process.stdout.write(`${said}\n${path}\n`);
  }
  if (!options.gate) return EXIT.pass;
  if (file === null) return EXIT.baseline;
  return grown.length > 0 ? EXIT.regression : EXIT.pass;
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof InstructionError) return error.exitCode;
  return error instanceof UsageError ? EXIT.usage : EXIT.error;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof InterruptedError)) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  process.exitCode = exitCodeOf(error);
}
