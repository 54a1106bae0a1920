/**
 * Stands between the harness and an arm that runs under clinic: `relay CLINIC TOOL FOLDER [NODE FLAGS] ENTRY [ARGS]`.
 * Clinic writes to standard output and closes standard input, and the control protocol needs both; so it goes through a
 * socket, and this process carries it on. When the arm has ended it has clinic make the page, and ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = 'profile';
const PROFILED_ARM = join(import.meta.dirname, 'profiled-arm.js');
const [clinic, tool, folder, ...command] = process.argv.slice(2);
const flags = command.slice(
  0,
  command.findIndex((word) => !word.startsWith('-')),
);
const [entry, ...parameters] = command.slice(flags.length);

const socketFolder = mkdtempSync(join(tmpdir(), 'msgtrans-profile-'));
const socketPath = join(socketFolder, 'control');
process.on('exit', () => rmSync(socketFolder, { recursive: true, force: true }));

/** Clinic asks about telemetry and updates unless told not to, and then does nothing else. */
function startClinic(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [clinic, tool, '--open=false', ...args], {
    cwd: folder,
    // Its standard output is for people, ours is for the harness.
    stdio: ['ignore', process.stderr, 'inherit'],
    env: { ...process.env, NO_INSIGHT: '1', NO_UPDATE_NOTIFIER: '1' },
  });
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

let isStopping = false;
// The harness signals the whole group, so the arm and clinic end by themselves.
process.on('SIGTERM', () => {
  isStopping = true;
});

const server = createServer((socket: Socket) => {
  server.close();
  process.stdin.pipe(socket).pipe(process.stdout, { end: false });
  socket.on('error', () => socket.destroy());
});
process.stdout.on('error', () => undefined);
await new Promise<void>((resolve) => server.listen(socketPath, resolve));

const arm = [process.execPath, ...flags, PROFILED_ARM, socketPath, entry, ...parameters];
let code = await ended(startClinic(['--collect-only', '--dest', folder, '--name', NAME, '--', ...arm]));
if (code === 0 && !isStopping) {
  code = await ended(startClinic(['--visualize-only', join(folder, `${NAME}.clinic-${tool}`)]));
}
process.exit(code);
