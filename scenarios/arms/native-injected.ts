/**
 * The arm `native` with work put in on purpose: `native-injected.js KIND AMOUNT`. It is a program of its own, so that the
 * arm that is measured holds no trace of it.
 */
import { IN_PLACE } from './in-place-handlers.js';
import { type InjectedWork, parseInjectedWork } from './injected/injected-work.js';
import { type Handlers, type Install, serveNative } from './native-transports.js';

const work = parseInjectedWork(process.argv[2], process.argv[3]);

/** What the handler does, behind the work. A batch comes once per turn, so its work is that of all its messages at once. */
function behind(before: InjectedWork, install: Install): Install {
  return (transport, asked) => {
    const onBatch = transport.onBatch.bind(transport);
    transport.onBatch = (handler) =>
      onBatch(
        handler &&
          ((batch) => {
            before.beforeBatch(batch.length);
            handler(batch);
          }),
      );
    install(transport, asked);
  };
}

const handlers = Object.fromEntries(
  Object.entries(IN_PLACE).map(([name, install]) => [name, behind(work, install)]),
) as Handlers;

serveNative('native', handlers, {}, () => work.counters());
