import { anonymousBytes } from './process-memory.js';
import { type ArmServer, hasLostGenerator } from './run-context.js';
import { targetsOf } from './server-parts.js';
import type { Random } from './statistics/random.js';

const SETTLE_TIMEOUT_MS = 30_000;

/**
 * Memory per idle session: anonymous resident memory of the settled server before and after sessions were opened to
 * it, before it ever saw load; of one process of a server that has several. Kernel memory of the sockets is outside of it, for all arms alike. The servers settle
 * side by side, because collecting garbage until nothing changes takes a while.
 */
export async function measureIdleMemory(
  servers: readonly ArmServer[],
  sessions: number,
  random: Random,
  onError: (server: ArmServer, error: unknown) => void,
): Promise<void> {
  const failed = new Set<ArmServer>();
  const attempt = async (server: ArmServer, action: () => Promise<void>): Promise<void> => {
    if (failed.has(server)) return;
    try {
      await action();
    } catch (error) {
      if (hasLostGenerator(server)) throw error;
      failed.add(server);
      onError(server, error);
    }
  };
  const settledBytes = async (): Promise<Map<ArmServer, number>> => {
    const bytes = new Map<ArmServer, number>();
    const settle = async (server: ArmServer): Promise<void> => {
      const { process } = server.parts[0];
      await process.command('settle', {}, SETTLE_TIMEOUT_MS);
      bytes.set(server, anonymousBytes(process.pid));
    };
    await Promise.all(servers.map((server) => attempt(server, () => settle(server))));
    return bytes;
  };
  const order = random.shuffled(servers);
  const before = await settledBytes();
  for (const server of order) {
    const { arm, generator, parts } = server;
    const seed = random.below(2 ** 32);
    const targets = targetsOf([parts[0]], Object.keys(parts[0].urls)[0], sessions);
    await attempt(server, () => generator.connect(groupOf(arm), targets, sessions, seed));
  }
  const after = await settledBytes();
  for (const server of order) await attempt(server, () => server.generator.disconnect(groupOf(server.arm)));
  for (const server of servers) {
    const grown = (after.get(server) ?? Number.NaN) - (before.get(server) ?? Number.NaN);
    if (!failed.has(server)) server.memoryBytesPerSession = grown / sessions;
  }
}

function groupOf(arm: string): string {
  return `${arm}@idle`;
}
