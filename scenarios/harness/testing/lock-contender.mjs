/**
 * A process that wants a lock again and again: `node lock-contender.mjs <lock module> <path> <rounds>`. Every second time it leaves
 * the lock behind as a process does that was killed: held by nobody who is alive. Ends with 1 when another one held it too.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , module, path, rounds] = process.argv;
const { acquireLock } = await import(pathToFileURL(module).href);
const asleep = new Int32Array(new SharedArrayBuffer(4));
// Locks that were left behind are still to be given back at the exit, as far as this process knows.
process.setMaxListeners(0);

for (let round = 0; round < Number(rounds); round++) {
  const release = await acquireLock({
    ...{ purpose: 'contender', signal: new AbortController().signal, path, pollMs: 0, waitMsMax: 60_000 },
    onWait: () => {},
  });
  // Fails where another one is in here.
  closeSync(openSync(`${path}.inside`, 'wx'));
  Atomics.wait(asleep, 0, 0, 0.2);
  unlinkSync(`${path}.inside`);
  if (round % 2 === 1) {
    release();
    continue;
  }
  const left = {
    ...JSON.parse(readFileSync(path, 'utf8')),
    startTicks: 1,
    token: randomBytes(8).toString('hex'),
  };
  writeFileSync(`${path}.left`, JSON.stringify(left));
  renameSync(`${path}.left`, path);
}
