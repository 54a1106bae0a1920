import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Children, type ProcessCommand } from '../../../scenarios/harness/arm-process.js';
import { BUILT_IN_DEFAULTS } from '../../../scenarios/harness/case-parameters.js';
import { InterruptedError } from '../../../scenarios/harness/interruption.js';
import { readPressure } from '../../../scenarios/harness/pressure.js';
import { type ProgressSink, SILENT } from '../../../scenarios/harness/progress.js';
import { SERVER_ENTRY } from '../base-build/runtime-files.js';
import type { DisturbanceReading } from './disturbance.js';
import type { GateArm } from './gate-arms.js';
import { CLOSED_CASE, gatedMetrics, OPEN_CASE, UNBATCHED_CASE } from './gated-metrics.js';
import { type InvocationPlan, planInvocation } from './invocation-plan.js';
import { type InvocationLine, invocationSchema } from './invocation-record.js';
import { type InvocationContext, type InvocationWish, runInvocation } from './run-invocation.js';

/** Tiny invocations with the real native server and the real load generator. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const GENERATOR = { command: join(ROOT, 'native', 'build', 'Release', 'load_generator'), args: [] };
const FAKE = join(ROOT, 'scenarios', 'harness', 'testing', 'fake-process.mjs');
const native = (): ProcessCommand => ({
  command: process.execPath,
  args: ['--expose-gc', join(ROOT, SERVER_ENTRY)],
});
const fake = (role: string, arm: string, options: object = {}): ProcessCommand => ({
  command: process.execPath,
  args: [FAKE, role, arm, JSON.stringify(options)],
});

const metrics = gatedMetrics({ casePattern: null, metricPattern: null, limitPercent: 5 });
const usual = planInvocation(metrics, BUILT_IN_DEFAULTS);
const TINY: InvocationPlan = {
  ...usual,
  closed: { ...usual.closed, sessions: 20 },
  open: usual.open === null ? null : { ...usual.open, sessions: 20 },
  blocks: 3,
  windowNs: 5e6,
  discardNs: 1e6,
  warmUp: { windowNs: 5e6, windows: 3, agreement: 0.03, secondsMax: 0.1 },
  idleSessions: null,
};

const children: Children[] = [];
afterEach(() => {
  for (const each of children.splice(0)) each.killAll();
});

/** A machine on which nothing else happens, or what a test says. */
function quiet(change: Partial<DisturbanceReading> = {}): DisturbanceReading {
  return {
    pressure: { ...readPressure(), stealTicks: 0 },
    foreign: { idleTicks: 0, processors: 0, ownTicks: 0, others: null },
    throttledUs: 0,
    ...change,
  };
}

function contextOf(changes: Partial<InvocationContext> = {}): InvocationContext {
  const own = new Children();
  children.push(own);
  return {
    ...{ plan: TINY, children: own, armCommand: native, generatorCommand: GENERATOR, progress: SILENT },
    signal: new AbortController().signal,
    readDisturbance: () => quiet(),
    ...changes,
  };
}

const WISH: InvocationWish = { index: 0, seed: 7, control: false, idle: false, ratePerSecond: null };

async function run(changes: Partial<InvocationContext> = {}, wish: Partial<InvocationWish> = {}) {
  const line = await runInvocation(contextOf(changes), { ...WISH, ...wish });
  expect(invocationSchema.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
  return line;
}

/** The arms of a block's windows as letters: b, c, and k for the control. */
function orders(line: InvocationLine, name: string, side: 'candidate' | 'control'): string[] {
  const letters: Record<GateArm, string> = { base: 'b', candidate: 'c', control: 'k' };
  return line.cases[name].blocks[side].map(({ windows }) => windows.map(({ arm }) => letters[arm]).join(''));
}

const NO_FAULT = {
  droppedCounted: 0,
  unacknowledgedAtClose: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
};

describe('an invocation', () => {
  it('measures every gated case in mirrored blocks, drained between windows, and accounts for every message', async () => {
    const line = await run({}, { ratePerSecond: 5_000 });
    expect(line).toMatchObject({ kind: 'invocation', index: 0, seed: 7, failure: null });
    expect([...line.startOrder].sort()).toEqual(['base', 'candidate']);
    expect(Object.keys(line.cases)).toEqual([CLOSED_CASE, OPEN_CASE]);
    for (const [name, { ledgers, blocks, counters }] of Object.entries(line.cases)) {
      for (const order of orders(line, name, 'candidate')) expect(['bccb', 'cbbc']).toContain(order);
      expect(blocks).toMatchObject({ candidate: { length: 3 }, control: [] });
      const windows = blocks.candidate.flatMap((block) => block.windows);
      for (const [index, { startNs, endNs }] of windows.entries()) {
        expect(endNs).toBeGreaterThan(startNs);
        expect(startNs).toBeGreaterThanOrEqual((windows[index - 1]?.endNs ?? 0) + TINY.discardNs);
      }
      for (const arm of ['base', 'candidate'] as const) {
        expect(ledgers[arm]).toMatchObject(NO_FAULT);
        expect(ledgers[arm]?.delivered).toBe(ledgers[arm]?.sent);
        expect(counters[arm]?.messages_received).toBeGreaterThan(0);
        expect(counters[arm]).toMatchObject({ payload_copies: 0 });
      }
    }
    expect(line.cases[CLOSED_CASE].ratePerSecond).toBeNull();
    expect(line.cases[OPEN_CASE].ratePerSecond).toBe(5_000);
  });

  it('draws the same chances from the same seed, and others for another index', async () => {
    // A fake pair makes no difference to what is drawn, and takes no time.
    const faked = {
      armCommand: (arm: GateArm) => fake('server', arm),
      generatorCommand: fake('generator', 'g'),
    };
    const plan = { ...TINY, blocks: 40 };
    const [one, again, other] = await Promise.all(
      [0, 0, 1].map((index) => run({ ...faked, plan }, { index, control: true })),
    );
    const drawn = (line: InvocationLine) => [
      line.startOrder,
      orders(line, CLOSED_CASE, 'candidate'),
      orders(line, CLOSED_CASE, 'control'),
    ];
    expect(drawn(again)).toEqual(drawn(one));
    expect(drawn(other)).not.toEqual(drawn(one));
    expect(new Set(orders(one, CLOSED_CASE, 'candidate'))).toEqual(new Set(['bccb', 'cbbc']));
  });

  it('finds the rate of the open loop itself where it is given none', async () => {
    const line = await run();
    expect(Object.keys(line.cases)).toEqual([CLOSED_CASE, UNBATCHED_CASE, OPEN_CASE]);
    expect(line.cases[UNBATCHED_CASE].ledgers.base).toMatchObject(NO_FAULT);
    expect(line.cases[OPEN_CASE].ratePerSecond).toBeGreaterThan(0);
    expect(line.failure).toBeNull();
  });

  it('compares the base with itself in a third process where that is wished for', async () => {
    const started: GateArm[] = [];
    const armCommandOf = (arm: GateArm): ProcessCommand => {
      started.push(arm);
      return native();
    };
    const line = await run({ armCommand: armCommandOf }, { control: true });
    expect([...started].sort()).toEqual(['base', 'candidate', 'control']);
    expect(started).toEqual(line.startOrder);
    for (const order of orders(line, CLOSED_CASE, 'control')) expect(['bkkb', 'kbbk']).toContain(order);
    expect(line.cases[OPEN_CASE].blocks.control).toHaveLength(3);
    expect(line.cases[CLOSED_CASE].ledgers.control).toMatchObject(NO_FAULT);
  });

  it('measures only what is gated, and memory where it is wished for', async () => {
    const one = gatedMetrics({ casePattern: 'tcp/load=open*', metricPattern: null, limitPercent: 5 });
    const { measuresClosed, open } = planInvocation(one, BUILT_IN_DEFAULTS);
    expect(measuresClosed).toBe(false);
    const line = await run(
      { plan: { ...TINY, measuresClosed, open: open && TINY.open, idleSessions: 400 } },
      { idle: true },
    );
    expect(line.cases[CLOSED_CASE].blocks.candidate).toEqual([]);
    expect(line.cases[OPEN_CASE].blocks.candidate).toHaveLength(3);
    expect(Object.keys(line.memoryBytesPerSession).sort()).toEqual(['base', 'candidate']);
    expect((await run({}, { idle: true })).memoryBytesPerSession).toEqual({});
    const closed = await run({ plan: { ...TINY, open: null } });
    expect(Object.keys(closed.cases)).toEqual([CLOSED_CASE]);
  });
});

describe('blocks that were disturbed from outside', () => {
  it('are kept, marked with their cause, and replaced for both arms, up to half as many again', async () => {
    let throttledUs = 0;
    const line = await run({
      plan: { ...TINY, blocks: 4, open: null },
      readDisturbance: () => quiet({ throttledUs: throttledUs++ }),
    });
    const { candidate } = line.cases[CLOSED_CASE].blocks;
    expect(candidate).toHaveLength(6);
    for (const { dropped, windows } of candidate) {
      expect(dropped).toEqual({ kind: 'throttled', reason: "the cgroup's quota stopped it for 0.0 ms" });
      expect(windows).toHaveLength(4);
    }
  });
});

describe('an arm that fails', () => {
  it('ends the invocation by name when it dies in mid-run, and the ledgers of the others are there', async () => {
    let victim = 0;
    const plan = { ...TINY, blocks: 100_000 };
    const context = contextOf({ plan });
    const progress: ProgressSink = {
      ...SILENT,
      advance() {
        if (victim !== 0) return;
        victim = childrenNamed(join(ROOT, 'dist', 'scenarios', 'arms', 'native.js'))[0];
        process.kill(victim, 'SIGKILL');
      },
    };
    const line = await runInvocation({ ...context, progress }, WISH);
    const [first, second] = line.startOrder;
    expect(line.failure).toMatchObject({ arm: first, code: expect.stringMatching(/^ERR_/) });
    expect(line.cases[CLOSED_CASE].ledgers[second]).toMatchObject({ lost: 0 });
    expect(line.cases[CLOSED_CASE].blocks.candidate.length).toBeGreaterThan(0);
    expect(childrenNamed('native.js')).toEqual([]);
  });

  it.each([
    ['does not start', { command: '/nonexistent/server', args: [] }],
    ['speaks another protocol', fake('server', 'base', { control: 2 })],
    ['ends at a command', fake('server', 'base', { failOn: 'listen' })],
  ])('is named when it %s', async (_, command) => {
    const armCommandOf = (arm: GateArm): ProcessCommand => (arm === 'base' ? command : native());
    const line = await run({ armCommand: armCommandOf });
    expect(line.failure).toMatchObject({ arm: 'base', code: expect.stringMatching(/^ERR_CONTROL_/) });
  });

  const faked = (generator: object, server: object = {}) => ({
    armCommand: (arm: GateArm) => fake('server', arm, server),
    generatorCommand: fake('generator', 'g', generator),
  });
  const STALL = 'ERR_GENERATOR_REPLY_TIMEOUT';

  it('is blamed alone for a reply that stays out only where the others answer, and the machine was quiet', async () => {
    const alone = await run(faked({ stall: ['candidate'] }), { control: true });
    expect(alone.failure).toEqual({ arm: 'candidate', code: STALL, message: expect.any(String) });
    expect(alone.cases[CLOSED_CASE].ledgers).toMatchObject({ base: NO_FAULT, control: NO_FAULT });

    const { failure } = await run(faked({ stall: ['candidate', 'control'] }), { control: true });
    expect([failure?.arm, ...(failure?.others ?? [])].sort()).toEqual(['candidate', 'control']);

    let throttledUs = 0;
    const readDisturbance = () => quiet({ throttledUs: 1_000 * throttledUs++ });
    const disturbed = await run({ ...faked({ stall: ['candidate'] }), readDisturbance });
    expect(disturbed.failure).toMatchObject({
      arm: 'candidate',
      disturbance: "the cgroup's quota stopped it for 1.0 ms",
    });
  });

  it('is named with all that end, or do not start, as it does', async () => {
    const ended = await run(faked({}, { failOn: 'counters' }));
    const [first, second] = ended.startOrder;
    expect([ended.failure?.arm, ended.failure?.others]).toEqual([first, [second]]);
    const { failure } = await run({ armCommand: () => ({ command: '/nonexistent/server', args: [] }) });
    expect([failure?.arm, failure?.others]).toEqual([first, [second]]);
  });

  it('is named by what failed first, not by the ledgers that cannot be had after it', async () => {
    const failing = run(faked({ failRun: 'ERR_GENERATOR_FIRST', failOn: 'disconnect' }));
    await expect(failing).rejects.toMatchObject({ code: 'ERR_GENERATOR_FIRST' });
    const last = run(faked({ failOn: 'disconnect' }));
    await expect(last).rejects.toMatchObject({ code: 'ERR_CONTROL_PROCESS_EXITED' });
  });

  it('is not blamed for a load generator that ends', async () => {
    const generatorCommand = fake('generator', 'g', { failOn: 'run' });
    const failing = run({ generatorCommand, armCommand: (arm) => fake('server', arm) });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_CONTROL_PROCESS_EXITED' });
  });
});

describe('an interrupt', () => {
  it('ends what was started, while a window is measured', async () => {
    const controller = new AbortController();
    const progress: ProgressSink = { ...SILENT, advance: () => controller.abort() };
    const plan = { ...TINY, blocks: 100_000 };
    const context = contextOf({ plan, progress, signal: controller.signal });
    await expect(runInvocation(context, WISH)).rejects.toBeInstanceOf(InterruptedError);
    expect(childrenNamed('native.js')).toEqual([]);
    expect(childrenNamed('load_generator')).toEqual([]);
  });
});

/** Processes of this test, oldest first. */
function childrenNamed(part: string): number[] {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return pids
    .filter(Boolean)
    .map(Number)
    .filter((pid) => commandLineOf(pid).includes(part));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
