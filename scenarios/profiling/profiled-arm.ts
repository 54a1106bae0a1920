/**
 * An arm under a profiler: `profiled-arm SOCKET ENTRY [ARGS]` runs the entry with the control protocol on a socket
 * instead of standard input and output. Profilers write when the process ends by itself, so `process.exit` only lets
 * go of what keeps it alive.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';

/** An arm that keeps something open is ended all the same, milliseconds after it should have. */
const EXIT_GRACE_MS = 5_000;

const [socketPath, entry, ...parameters] = process.argv.slice(2);
const socket = connect(socketPath);
await once(socket, 'connect');
for (const stream of ['stdin', 'stdout']) {
  Object.defineProperty(process, stream, { value: socket, configurable: true });
}
process.argv.splice(1, process.argv.length, entry, ...parameters);

const exitNow = process.exit.bind(process);
process.exit = ((code: number = 0) => {
  process.exitCode = code;
  socket.end();
  socket.unref();
  setTimeout(() => exitNow(code), EXIT_GRACE_MS).unref();
}) as typeof process.exit;

await import(pathToFileURL(entry).href);
