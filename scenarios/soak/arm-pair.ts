import { join } from 'node:path';
import { z } from 'zod';
import type { ArmProcess, Children, ProcessCommand } from '../harness/arm-process.js';
import { ControlError } from '../harness/control-client.js';
import type { FaultPhase, SoakRates } from '../harness/soak-schema.js';
import type { ArmCheckpoint, GaugeSample } from './checkpoint-entry.js';

const count = z.number().min(0);
const gaugesAnswer = z.looseObject({
  gauges: z.record(z.string(), z.number().nullable()),
  intake: z.looseObject({
    received: count,
    lost: count,
    duplicated: count,
    reordered: count,
    corrupted: count,
  }),
  dropped: count,
});
const takeAnswer = z.looseObject({
  interval: z.looseObject({ operations: count, bytes: count, inFlight: count }),
  rssBytes: count,
});

/** A collection of a large heap on a machine that is busy elsewhere. */
const COMMAND_TIMEOUT_MS = 60_000;

const ENTRIES: Readonly<Record<string, string>> = {
  native: 'native-server.js',
  baseline: 'baseline-server.js',
};

/** Starts the built program `name` of this folder; the collector is exposed for the troughs. */
export function soakCommand(rootDir: string, name: string): ProcessCommand {
  const entry = join(rootDir, 'dist', 'scenarios', 'soak', name);
  return { command: process.execPath, args: ['--expose-gc', entry] };
}

/** One arm of a soak: its server, and the load generator that drives and checks it. */
export class ArmPair {
  readonly arm: string;
  readonly #rates: SoakRates;
  readonly #server: ArmProcess;
  readonly #generator: ArmProcess;
  #samples: GaugeSample[] = [];
  #last: z.output<typeof gaugesAnswer> | null = null;
  #generatorRssBytes: number | null = null;

  constructor(arm: string, rates: SoakRates, children: Children, rootDir: string) {
    this.arm = arm;
    this.#rates = rates;
    this.#server = children.start(`server ${arm}`, soakCommand(rootDir, ENTRIES[arm]));
    this.#generator = children.start(`load of ${arm}`, soakCommand(rootDir, 'load-generator.js'));
  }

  /** Both processes are up, the server listens, and the load begins. */
  async start(seed: number, broadcastsPerSecond: number): Promise<void> {
    await Promise.all([this.#server.hello(), this.#generator.hello()]);
    const { url } = await this.#server.command('listen', { url: 'tcp://127.0.0.1:0', broadcastsPerSecond });
    await this.#generator.command('start', { url, seed, ...this.#rates });
  }

  async plant(name: string, bytesPerSecond: number): Promise<void> {
    await this.#server.command('plant', { name, bytesPerSecond });
  }

  async enter(phase: FaultPhase): Promise<void> {
    await this.#generator.command('phase', { phase });
  }

  /** Looks at the gauges, after a collection. */
  async sample(atSeconds: number): Promise<void> {
    const { gauges, intake } = await this.#look();
    if (this.#generatorRssBytes !== null) gauges.generatorRssBytes = this.#generatorRssBytes;
    this.#samples.push({ atSeconds, operations: intake.received, gauges });
  }

  /** What happened since the last checkpoint. The gauges were looked at before. */
  async take(): Promise<ArmCheckpoint> {
    const answer = await this.#generator.command('take', {}, COMMAND_TIMEOUT_MS);
    const { interval, rssBytes } = checked(this.#generator.name, takeAnswer, answer);
    this.#generatorRssBytes = rssBytes;
    const samples = this.#samples;
    this.#samples = [];
    const { intake, dropped } = this.#last ?? { intake: NO_INTAKE, dropped: 0 };
    // The rest of its shape is checked with the whole checkpoint, before it is written.
    return { ...interval, samples, intake, dropped } as unknown as ArmCheckpoint;
  }

  /** Sends nothing more and waits until every message is accounted for; the gauges of an idle server are none of the run. */
  async drain(): Promise<void> {
    await this.#generator.command('stop', {}, COMMAND_TIMEOUT_MS);
    await this.#look();
  }

  async #look(): Promise<z.output<typeof gaugesAnswer>> {
    const answer = await this.#server.command('gauges', {}, COMMAND_TIMEOUT_MS);
    this.#last = checked(this.#server.name, gaugesAnswer, answer);
    return this.#last;
  }
}

const NO_INTAKE = { received: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0 };

function checked<Shape extends z.ZodType>(name: string, shape: Shape, answer: unknown): z.output<Shape> {
  const result = shape.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ControlError(
    'ERR_CONTROL_PROTOCOL',
    `${name} answered with ${issue.path.join('.')}: ${issue.message}`,
  );
}
