/** The arms that hold both ends of their sessions, as the harness starts them: real processes from the built files. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { arePackagesInstalled } from '../../harness/own-packages.js';
import { armCommand } from '../registry.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ADDON = join(ROOT, 'native/build/Release/msgtrans.node');
const NOTHING_WRONG = {
  droppedCounted: 0,
  unacknowledgedAtClose: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
};

// biome-ignore lint/suspicious/noExplicitAny: answers are what the protocol says, and the test says what it expects
type Answer = Record<string, any>;

class Arm {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<unknown[]>;
  #id = 0;

  constructor(name: string) {
    const { command, args } = armCommand(name, 'in-process', ROOT);
    this.#child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = once(this.#child, 'exit');
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async line(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the arm ended without an answer');
    return JSON.parse(value);
  }

  async command(command: string, fields: object = {}): Promise<Answer> {
    this.#id += 1;
    this.#child.stdin!.write(`${JSON.stringify({ id: this.#id, command, ...fields })}\n`);
    const answer = await this.line();
    expect(answer.id).toBe(this.#id);
    return answer;
  }

  endInput(): void {
    this.#child.stdin!.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

const running: Arm[] = [];

async function start(name: string): Promise<Arm> {
  const arm = new Arm(name);
  running.push(arm);
  expect((await arm.line()).hello).toMatchObject({ control: 1, role: 'server', arm: name });
  return arm;
}

afterEach(() => {
  for (const arm of running.splice(0)) arm.kill();
});

const closed = { mode: 'closed', depth: 2, payloadBytes: 64, reply: 'counter' };

function windowsOf(...groups: string[]): object[] {
  return groups.map((group) => ({ group, discardNs: 1e6, measureNs: 2e7 }));
}

/** Runs two windows of a load on sessions of its own, and gives them with the ledger. */
async function drive(
  arm: Arm,
  sessions: number,
  load: Answer,
): Promise<{ windows: Answer[]; ledger: Answer }> {
  const handler = load.reply ?? 'sink';
  const listened = await arm.command('listen', { url: 'mem://test', handler, touch: load.touch });
  const group = 'g';
  const connected = await arm.command('connect', {
    group,
    url: listened.url,
    serverPid: 1,
    sessions,
    seed: 3,
  });
  expect(connected).toMatchObject({ ok: true, sessions });
  const { windows } = await arm.command('run', { windows: windowsOf(group, group), load });
  await arm.command('disconnect', { group });
  return { windows, ledger: await arm.command('ledger', { group }) };
}

/** What an arm needs and a checkout may lack: `npm run scenario` installs a rival that is a package where it is measured. */
function isAbsent(name: string): boolean {
  if (name === 'rival:zeromq') return !arePackagesInstalled(join(ROOT, 'scenarios/rivals'));
  return name === 'native' && process.env.CI !== 'true' && !existsSync(ADDON);
}

describe.each(['native', 'rival:message-port', 'rival:zeromq'])('the in-process arm %s', (name) => {
  describe.skipIf(isAbsent(name))('as a process', () => {
    it.each([
      closed,
      { ...closed, payloadBytes: 256 },
      { ...closed, reply: 'forward', payloadBytes: 1024 },
      { mode: 'open', ratePerSecond: 10_000, payloadBytes: 64, reply: 'counter' },
      { mode: 'open', ratePerSecond: 200, payloadBytes: 65_536, reply: 'forward' },
      { mode: 'stream', depth: 8, payloadBytes: 64 },
      { mode: 'stream', depth: 8, payloadBytes: 65_536, touch: 'all' },
      { mode: 'paced', ratePerSecond: 10_000, payloadBytes: 64 },
    ])('carries the load %j and accounts for every message', async (load) => {
      const { windows, ledger } = await drive(await start(name), 50, load);
      expect(windows).toHaveLength(2);
      for (const { group, startNs, endNs, operations, bytes } of windows) {
        expect(group).toBe('g');
        expect(endNs).toBeGreaterThan(startNs);
        const countsBytes = load.reply !== undefined || 'touch' in load;
        expect(bytes).toBe(countsBytes ? operations * load.payloadBytes : 0);
      }
      const { sent } = ledger.ledger;
      expect(sent).toBeGreaterThan(0);
      expect(ledger.ledger).toEqual({ ...NOTHING_WRONG, sent, delivered: sent });
    });

    it('says how much processor time each of its threads used', async () => {
      const { windows } = await drive(await start(name), 50, closed);
      for (const { serverCpuNs, generatorCpuNs } of windows) {
        expect(serverCpuNs).toBeGreaterThanOrEqual(0);
        expect(generatorCpuNs).toBeGreaterThanOrEqual(0);
      }
    });

    it('counts what its server did', async () => {
      const arm = await start(name);
      const { ledger } = await drive(arm, 20, closed);
      const { counters } = await arm.command('counters');
      expect(counters).toMatchObject({
        messages_received: ledger.ledger.sent,
        messages_sent: ledger.ledger.sent,
      });
    });

    it('keeps groups apart, and settles with open sessions', async () => {
      const arm = await start(name);
      const { url } = await arm.command('listen', { url: 'mem://test', handler: 'counter' });
      for (const group of ['a', 'b']) await arm.command('connect', { group, url, sessions: 10, seed: 5 });
      expect((await arm.command('settle')).ok).toBe(true);
      const { windows } = await arm.command('run', { windows: windowsOf('a', 'b', 'a'), load: closed });
      expect(windows.map(({ group }: Answer) => group)).toEqual(['a', 'b', 'a']);
      const ofB = await arm.command('ledger', { group: 'b' });
      const ofA = await arm.command('ledger', { group: 'a' });
      const { counters } = await arm.command('counters');
      expect(ofA.ledger.sent + ofB.ledger.sent).toBe(counters.messages_received);
      expect([ofA.ledger.lost, ofB.ledger.lost]).toEqual([0, 0]);
    });

    it('answers what it cannot do by code, and goes on', async () => {
      const arm = await start(name);
      const { url } = await arm.command('listen', { url: 'mem://test', handler: 'counter' });
      const codeOf = async (command: string, fields: object) =>
        (await arm.command(command, fields)).error?.code;
      const bad = 'ERR_CONTROL_BAD_COMMAND';
      expect(await codeOf('listen', { url: 'mem://other', handler: 'dance' })).toBe(bad);
      expect(await codeOf('connect', { group: 'g', url, sessions: 0, seed: 1 })).toBe(bad);
      expect(await codeOf('connect', { group: 'g', url, sessions: 5, seed: 1 })).toBe(undefined);
      expect(await codeOf('connect', { group: 'g', url, sessions: 5, seed: 1 })).toBe(
        'ERR_GENERATOR_GROUP_EXISTS',
      );
      expect(await codeOf('ledger', { group: 'h' })).toBe('ERR_GENERATOR_UNKNOWN_GROUP');
      for (const load of [
        { ...closed, mode: 'dance' },
        { ...closed, payloadBytes: 66 },
        { ...closed, payloadBytes: 16 },
        { ...closed, depth: 0 },
        { ...closed, reply: 'dance' },
      ]) {
        expect(await codeOf('run', { windows: windowsOf('g'), load })).toBe(bad);
      }
      expect(await codeOf('run', { windows: [], load: closed })).toBe(bad);
      expect(await codeOf('dance', {})).toBe('ERR_CONTROL_UNKNOWN_COMMAND');
      expect(await codeOf('run', { windows: windowsOf('g'), load: closed })).toBe(undefined);
    });

    it('ends with 0 at close and at the end of its input, with open sessions', async () => {
      for (const end of [(arm: Arm) => arm.command('close'), async (arm: Arm) => arm.endInput()]) {
        const arm = await start(name);
        const { url } = await arm.command('listen', { url: 'mem://test', handler: 'counter' });
        await arm.command('connect', { group: 'g', url, sessions: 5, seed: 1 });
        await end(arm);
        expect(await arm.exited).toEqual([0, null]);
      }
    });

    it('ends with 0 at the end of its input in the middle of a load', async () => {
      const arm = await start(name);
      const { url } = await arm.command('listen', { url: 'mem://test', handler: 'counter' });
      await arm.command('connect', { group: 'g', url, sessions: 50, seed: 1 });
      await arm.command('run', { windows: windowsOf('g'), load: closed });
      // A minute of load, which nobody waits for.
      const windows = [{ group: 'g', discardNs: 0, measureNs: 6e10 }];
      void arm.command('run', { windows, load: closed }).catch(() => undefined);
      await sleep(100);
      arm.endInput();
      expect(await arm.exited).toEqual([0, null]);
    });
  });
});

describe.each(['rival:message-port', 'rival:zeromq'])('the in-process arm %s', (name) => {
  it.skipIf(isAbsent(name))('refuses to broadcast', async () => {
    const arm = await start(name);
    const asked = { handler: 'broadcast', tickHz: 20, groupSize: 5, payloadBytes: 64 };
    const { error } = await arm.command('listen', { url: 'mem://test', ...asked });
    expect(error).toMatchObject({
      code: 'ERR_CONTROL_BAD_COMMAND',
      message: expect.stringContaining('broadcast'),
    });
  });
});

describe('the in-process arm native', () => {
  it.skipIf(process.env.CI !== 'true' && !existsSync(ADDON))('broadcasts frames to its players', async () => {
    const arm = await start('native');
    const broadcast = { handler: 'broadcast', tickHz: 200, groupSize: 50, payloadBytes: 128 };
    const { url } = await arm.command('listen', { url: 'mem://game', ...broadcast });
    await arm.command('connect', { group: 'g', url, sessions: 120, seed: 4 });
    const load = { mode: 'tick', tickHz: 200, inputsHz: 20, payloadBytes: 128 };
    const { windows } = await arm.command('run', { windows: windowsOf('g', 'g'), load });
    for (const { framesDue, framesOnTime } of windows) {
      // Four ticks are meant for each window, whenever this machine gets to them.
      expect(framesDue).toBe(4 * 120);
      expect(framesOnTime).toBeLessThanOrEqual(framesDue);
    }
    await arm.command('disconnect', { group: 'g' });
    const { ledger } = await arm.command('ledger', { group: 'g' });
    expect(ledger.sent).toBeGreaterThan(120);
    expect(ledger).toEqual({ ...NOTHING_WRONG, sent: ledger.sent, delivered: ledger.sent });
    const bad = await arm.command('listen', { url: 'mem://bad', ...broadcast, groupSize: 0 });
    expect(bad.error.code).toBe('ERR_CONTROL_BAD_COMMAND');
  });

  it.skipIf(process.env.CI !== 'true' && !existsSync(ADDON))('opens sessions anew in storms', async () => {
    const arm = await start('native');
    const load = { mode: 'paced', ratePerSecond: 20_000, payloadBytes: 64, stormPercent: 10 };
    const { ledger } = await drive(arm, 1000, load);
    const { sent } = ledger.ledger;
    expect(ledger.ledger).toEqual({ ...NOTHING_WRONG, sent, delivered: sent });
    const { counters } = await arm.command('counters');
    // Two windows with a storm of a hundred sessions each.
    expect(counters.sessions_accepted).toBe(1200);
  });

  it.skipIf(process.env.CI !== 'true' && !existsSync(ADDON))(
    'says when there is no such listener',
    async () => {
      const arm = await start('native');
      const { error } = await arm.command('connect', {
        group: 'g',
        url: 'mem://nobody',
        sessions: 5,
        seed: 1,
      });
      expect(error.code).toBe('ERR_MSGTRANS_CONNECT_FAILED');
    },
  );
});
