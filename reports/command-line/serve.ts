import { resolve } from 'node:path';
import { clientEntry } from '../document/inline-modules.js';
import { packageRoot } from '../document/package-root.js';
import { ReportError } from '../record-file/report-error.js';
import { startReportServer } from '../serve/report-server.js';
import { reportArguments } from './arguments.js';
import { isFolder, runsFolder } from './publish.js';
import type { ReportSurroundings } from './surroundings.js';

export const DEFAULT_PORT = 8417;
const PORT_MAX = 65_535;
/** As other commands of this package end when they are asked to. */
const EXIT_STOPPED = 130;

/** `--serve [--port N] [--folder DIR]` */
export async function serveCommand(args: string[], surroundings: ReportSurroundings): Promise<number> {
  const { values, positionals } = reportArguments(args, {
    serve: { type: 'boolean' },
    port: { type: 'string' },
    folder: { type: 'string' },
  });
  if (positionals.length > 0) {
    throw new ReportError(
      'ERR_REPORT_USAGE',
      `--serve takes no files (${positionals.join(' ')}): name the folder of the runs with --folder DIR.`,
    );
  }
  const port = portOf(values.port === undefined ? String(DEFAULT_PORT) : String(values.port));
  const from = surroundings.env.INIT_CWD ?? process.cwd();
  const folder =
    values.folder === undefined ? runsFolder(surroundings) : resolve(from, String(values.folder));
  if (!(await isFolder(folder))) {
    throw new ReportError(
      'ERR_REPORT_RECORD',
      `${folder}: no such folder. Run \`npm run scenario <name>\` first, or name a folder of runs with --folder DIR.`,
    );
  }
  const clientEntryPath = surroundings.clientEntryPath ?? clientEntry(packageRoot());
  const { root, complain } = surroundings;
  const server = await startReportServer({ folder, port, clientEntryPath, root, complain });
  surroundings.print(`serving ${folder}`);
  surroundings.print(`${server.url} (this machine only; Ctrl-C ends it)`);
  await untilStopped(surroundings.stop);
  await server.close();
  surroundings.print('stopped');
  return EXIT_STOPPED;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= PORT_MAX) return port;
  throw new ReportError(
    'ERR_REPORT_USAGE',
    `--port ${JSON.stringify(text)} is no port: a whole number from 0 (any free one) to ${PORT_MAX}.`,
  );
}

function untilStopped(stop: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    if (stop !== undefined) {
      if (stop.aborted) done();
      stop.addEventListener('abort', () => done(), { once: true });
      return;
    }
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const onSignal = () => {
      for (const name of names) process.off(name, onSignal);
      done();
    };
    for (const name of names) process.on(name, onSignal);
  });
}
