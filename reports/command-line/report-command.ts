import { ReportError } from '../record-file/report-error.js';
import { numbersCommand } from './numbers.js';
import { publishCommand } from './publish.js';
import { renderCommand } from './render.js';
import { DEFAULT_PORT, serveCommand } from './serve.js';
import type { ReportSurroundings } from './surroundings.js';

const HELP = `npm run report -- FILES… --html OUT
    Renders run records (record.json) into one standalone page: an overview first, then each scenario's runs. Of several
    runs of one scenario every later one is set beside the oldest, by the ratios within each run. What differs there
    differs between these two runs; builds are judged by npm run gate.
npm run report -- --serve [--port N] [--folder DIR]
    Lists the runs and gates of a folder in the browser, with the course of the ratios of runs that can be compared, and
    shows the report of each. Answers on 127.0.0.1 only, until Ctrl-C. Default port ${DEFAULT_PORT}, 0 for any free one; default
    folder runs/ (MSGTRANS_RUNS_DIR moves that).
npm run report -- GATE --html OUT [--history FILE] [--evidence FILE]
    Renders a gate again: GATE is its folder under runs/, or its verdict.json. With --history, for instance
    runs/history.ndjson, the page shows earlier gates; the evidence of the self-test is that of
    ci/gate/evidence/evidence.json, where there is one, unless another one is named.
npm run report -- publish [RUN|latest] [--name NAME]
    Copies a run's record, without its raw samples, and its page to reports/published/<scenario>/
    (or <NAME>/). RUN is a folder, or its name under runs/ (MSGTRANS_RUNS_DIR moves that); default latest.
npm run report -- numbers [--check] [FILES…]
    Renews, from the records under reports/published/ and the scenarios' files, what quotes their numbers: the
    block in README.md, reports/published/README.md and reports/published/index.html, or only the FILES named.
    --check changes nothing and exits 1 when one of them is stale.
npm run report -- --help

Exit codes: 0 done · 1 error, or stale numbers with --check · 2 usage · 5 a record is missing or invalid ·
130 the server was stopped by a signal.`;

const SUBCOMMANDS = { publish: publishCommand, numbers: numbersCommand };

/** Runs the command line after `npm run report --`. @returns the exit code */
export async function reportCommand(args: string[], surroundings: ReportSurroundings): Promise<number> {
  try {
    refuseSwallowedOptions(args, surroundings.env);
    if (args.includes('--help') || args.includes('-h')) {
      surroundings.print(HELP);
      return 0;
    }
    const [first, ...rest] = args;
    if (first !== undefined && Object.hasOwn(SUBCOMMANDS, first)) {
      return await SUBCOMMANDS[first as keyof typeof SUBCOMMANDS](rest, surroundings);
    }
    if (args.includes('--serve')) return await serveCommand(args, surroundings);
    return await renderCommand(args, surroundings);
  } catch (error) {
    if (error instanceof ReportError) {
      surroundings.complain(error.message);
      if (error.code === 'ERR_REPORT_USAGE') surroundings.complain('See `npm run report -- --help`.');
      return error.exitCode;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    surroundings.complain(`The report failed${code ? ` (${code})` : ''}: ${message}`);
    return 1;
  }
}

/** npm takes options that stand before `--` for its own and passes on only the words. */
function refuseSwallowedOptions(args: string[], env: NodeJS.ProcessEnv): void {
  const swallowed = ['html', 'check', 'name', 'serve', 'port', 'folder', 'history', 'evidence'].filter(
    (option) =>
      env[`npm_config_${option}`] !== undefined && !args.some((arg) => arg.startsWith(`--${option}`)),
  );
  if (swallowed.length === 0 || env.npm_lifecycle_event !== 'report') return;
  const [option] = swallowed as [string];
  const flag = option === 'check' || option === 'serve' ? `--${option}` : `--${option} …`;
  throw new ReportError(
    'ERR_REPORT_USAGE',
    `npm kept the option --${option} for itself: options go after \`--\`. Type: npm run report -- ${[...args, flag].join(' ')}`,
  );
}
