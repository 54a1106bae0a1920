/**
 * Lets one process build at a time.
 *
 * The lock is a listening socket in Linux's abstract namespace, named after the checkout: the kernel takes it back
 * when its holder ends, however it ends, so a stale lock cannot exist. Waiting is a connection to the holder, which
 * breaks at the moment the holder is done.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { say } from './project.mjs';

/** @param {string} root */
function lockName(root) {
  return `\0msgtrans-build-${createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 24)}`;
}

/**
 * @param {string} name
 * @returns {Promise<(() => Promise<void>) | undefined>} the function that lets go, or undefined when it is held
 */
function tryAcquire(name) {
  return new Promise((resolve, reject) => {
    /** @type {Set<import('node:net').Socket>} */
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
      socket.write(String(process.pid));
    });
    server.once('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      resolve(async () => {
        await new Promise((done) => {
          server.close(done);
          for (const socket of waiting) socket.destroy();
        });
      });
    });
  });
}

/**
 * @param {string} name
 * @param {(holder: string) => void} onHolder
 * @returns {Promise<void>} when the holder has gone
 */
function waitForHolder(name, onHolder) {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.once('data', (data) => onHolder(data.toString()));
    socket.on('error', () => {}).on('close', () => resolve());
  });
}

/**
 * Runs `work` while no other process of this checkout does.
 * @template T
 * @param {string} root
 * @param {() => Promise<T>} work has to look again whether there is anything to do: the holder may have done it
 * @returns {Promise<T>}
 */
export async function withBuildLock(root, work) {
  const name = lockName(root);
  let hasSaid = false;
  for (;;) {
    const release = await tryAcquire(name);
    if (release !== undefined) {
      try {
        return await work();
      } finally {
        await release();
      }
    }
    await waitForHolder(name, (holder) => {
      if (!hasSaid) say(`waiting for what process ${holder} is building…`);
      hasSaid = true;
    });
  }
}
