import { z } from 'zod';
import type { ArmProcess } from './arm-process.js';
import type { CaseParameters } from './case-parameters.js';
import { ControlError } from './control-client.js';
import type {
  GeneratorWindow,
  GroupHistograms,
  GroupLedger,
  GroupWindow,
  LoadGenerator,
  LoadTarget,
} from './load-generator.js';
import { LOAD_SHAPES } from './load-shapes.js';

/** A load generator in a process: typed commands, answers checked before anything is made of them. */

const count = z.number().min(0);

const windowSchema = z.object({
  group: z.string(),
  startNs: count,
  endNs: count,
  readyNs: count.optional(),
  operations: count,
  bytes: count,
  intended: count.optional(),
  answeredInTime: count.optional(),
  serverCpuNs: count,
  generatorCpuNs: count,
  latencyNs: z.object({ samples: count, mean: count, p50: count, p99: count, max: count }).nullable(),
  framesDue: count.optional(),
  framesOnTime: count.optional(),
});
const runSchema = z.object({ windows: z.array(windowSchema) });
const countsSchema = z.array(z.tuple([z.number(), count]));
const histogramSchema = z.object({ serviceTimeNs: countsSchema, responseTimeNs: countsSchema.nullable() });
const ledgerSchema = z.object({
  ledger: z.object({
    sent: count,
    delivered: count,
    droppedCounted: count,
    unacknowledgedAtClose: count,
    // Negative when more came back than was sent.
    lost: z.number(),
    duplicated: count,
    reordered: count,
    corrupted: count,
  }),
  killedSessions: count.default(0),
  unacknowledgedOnKilled: count.default(0),
  sentPerSessionMin: count,
});

/** A reply may stay out so long before the generator itself gives up; the harness waits longer than that. */
const REPLY_TIMEOUT_MS = 10_000;
/** The most that a generator takes. */
const REPLY_TIMEOUT_MS_MAX = 600_000;
const REPLY_GRACE_MS = 20_000;
/** A session waits its turn behind all requests in flight; a server that answers fewer than this hangs. */
const ANSWERED_PER_MS_MIN = 100;

export class GeneratorClient implements LoadGenerator {
  readonly #process: ArmProcess;

  constructor(process: ArmProcess) {
    this.#process = process;
  }

  /** A group of one process goes to one server: `SplitGenerator` deals the sessions of several out. */
  async connect(
    group: string,
    targets: readonly LoadTarget[],
    sessions: number,
    seed: number,
  ): Promise<void> {
    const [{ url, pid: serverPid, sourceAddresses }] = targets;
    const sources = sourceAddresses.length === 0 ? {} : { sourceAddresses };
    await this.#process.command('connect', { group, url, serverPid, sessions, seed, ...sources }, 60_000);
  }

  async run(windows: readonly GroupWindow[], parameters: CaseParameters): Promise<GeneratorWindow[]> {
    const busyMs = windows.reduce((sum, window) => sum + window.discardNs + window.measureNs, 0) / 1e6;
    const shape = LOAD_SHAPES[parameters.load];
    const load = shape.load(parameters);
    const inFlight = shape.inFlight(parameters);
    const turnMs = Math.ceil(inFlight / ANSWERED_PER_MS_MIN);
    const replyTimeoutMs = Math.min(Math.max(REPLY_TIMEOUT_MS, turnMs), REPLY_TIMEOUT_MS_MAX);
    // Draining is waited for by the generator; a slow arm with many requests in flight takes a while.
    const drainMs = (windows.length * inFlight) / 5;
    const timeoutMs = busyMs + drainMs + replyTimeoutMs + REPLY_GRACE_MS;
    const answer = await this.#process.command('run', { windows, load, replyTimeoutMs }, timeoutMs);
    const result = this.#check('run', runSchema, answer).windows;
    if (result.length !== windows.length || result.some((each, i) => each.group !== windows[i].group)) {
      throw new ControlError(
        'ERR_CONTROL_PROTOCOL',
        'load generator: run: other windows than were asked for',
      );
    }
    return result;
  }

  async histograms(group: string): Promise<GroupHistograms> {
    const answer = await this.#process.command('histogram', { group, reset: true });
    return this.#check('histogram', histogramSchema, answer);
  }

  async ledger(group: string): Promise<GroupLedger> {
    return this.#check('ledger', ledgerSchema, await this.#process.command('ledger', { group }));
  }

  async disconnect(group: string): Promise<void> {
    await this.#process.command('disconnect', { group });
  }

  get running(): boolean {
    return this.#process.running;
  }

  #check<Output>(command: string, schema: z.ZodType<Output>, answer: unknown): Output {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const where = `${issue.path.join('.')}: ${issue.message}`;
    throw new ControlError('ERR_CONTROL_PROTOCOL', `load generator: ${command}: malformed answer: ${where}`);
  }
}
