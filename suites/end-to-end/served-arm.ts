import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { hrtime } from 'node:process';
import { armCommand, generatorCommand } from '../../scenarios/arms/registry.js';
import { type ArmProcess, Children } from '../../scenarios/harness/arm-process.js';
import { readCapabilities } from '../../scenarios/harness/capabilities.js';
import { BUILT_IN_DEFAULTS, type CaseParameters } from '../../scenarios/harness/case-parameters.js';
import { GeneratorClient } from '../../scenarios/harness/generator-client.js';
import type { GeneratorWindow, LoadGenerator } from '../../scenarios/harness/load-generator.js';
import { LOAD_SHAPES, listenerKey } from '../../scenarios/harness/load-shapes.js';
import type { LedgerRecord } from '../../scenarios/harness/record.js';
import { readCounters, type ServerPart, targetsOf } from '../../scenarios/harness/server-parts.js';
import type { Made, Measured, SuiteArm, SuiteParameters, Workload } from '../harness/suite.js';

/** Arms of the scenarios as arms of a suite: the server of one in a process of its own, and a load generator in another. */

// From the sources and from the build alike.
const ROOT = resolve(import.meta.dirname, import.meta.dirname.includes('/dist/') ? '../../..' : '../..');
/** A job takes seconds; one that takes minutes has stopped, and what is missing then is a fault. */
const JOB_NS_MAX = 180e9;
const SEED = 20_261_128;

/** An operation is a request of 64 bytes and its reply. */
export function servedArm(name: string): SuiteArm {
  return { name, make: (parameters) => makeServed(name, parameters) };
}

async function makeServed(arm: string, asked: SuiteParameters): Promise<Made> {
  const parameters: CaseParameters = { ...BUILT_IN_DEFAULTS, ...asked };
  const commandOf = (name: string) => armCommand(name, 'sockets', ROOT);
  const problem = readCapabilities(commandOf).armProblem(arm, 'sockets');
  if (problem !== null) return { notMeasurable: problem };
  const loadCommand = generatorCommand(ROOT);
  if (!existsSync(loadCommand.command)) {
    return {
      notMeasurable: `its load generator ${loadCommand.command} is not there; "npm run build" makes it`,
    };
  }
  const children = new Children();
  try {
    const process = children.start(arm, commandOf(arm));
    const load = children.start('load generator', loadCommand);
    await Promise.all([process.hello(), load.hello()]);
    const { handler } = LOAD_SHAPES.closed.listener(parameters);
    const { url } = await process.command('listen', { url: 'tcp://127.0.0.1:0', handler });
    const part = { process, urls: { [listenerKey(parameters)]: String(url) } };
    return { workload: new ServedJobs(children, part, load, parameters) };
  } catch (error) {
    await children.stopAll();
    throw error;
  }
}

class ServedJobs implements Workload {
  readonly #children: Children;
  readonly #server: ServerPart;
  readonly #load: ArmProcess;
  readonly #generator: LoadGenerator;
  readonly #parameters: CaseParameters;
  #jobs = 0;

  constructor(children: Children, server: ServerPart, load: ArmProcess, parameters: CaseParameters) {
    this.#children = children;
    this.#server = server;
    this.#load = load;
    this.#generator = new GeneratorClient(load);
    this.#parameters = parameters;
  }

  /** Connects, has every session send its share, and closes. Every message is accounted for by the job's own ledger. */
  async run(operations: number): Promise<Measured> {
    const { sessions } = this.#parameters;
    const messagesPerSession = Math.ceil(operations / sessions);
    this.#jobs += 1;
    const group = `job ${this.#jobs}`;
    const targets = targetsOf([this.#server], listenerKey(this.#parameters), sessions);
    const before = await readCounters([this.#server]);
    const startNs = hrtime.bigint();
    await this.#generator.connect(group, targets, sessions, SEED + this.#jobs);
    const job = { group, discardNs: 0, measureNs: JOB_NS_MAX, messagesPerSession };
    const [window] = await this.#generator.run([job], this.#parameters);
    await this.#generator.disconnect(group);
    const jobNs = Number(hrtime.bigint() - startNs);
    const { ledger } = await this.#generator.ledger(group);
    const after = await readCounters([this.#server]);
    const messages = sessions * messagesPerSession;
    return {
      nanoseconds: window.endNs - window.startNs,
      operations: messages,
      faults: faultsIn(ledger, window, messages),
      threads: 1,
      cpuNanoseconds: window.serverCpuNs,
      figures: {
        job_ns: jobNs,
        ...latencies(window),
        syscalls_per_op: ((after.syscalls ?? Number.NaN) - (before.syscalls ?? Number.NaN)) / messages,
      },
    };
  }

  /** The load generator first: it must not see the server end and report that as the arm's fault. */
  abandon(): void {
    void this.#load.stop().then(() => this.#children.stopAll());
  }

  async release(): Promise<void> {
    try {
      await this.#children.closeAll();
    } finally {
      await this.#children.stopAll();
    }
  }
}

/** Messages of the job that are not known to have been sent once, delivered once, in order and whole. */
export function faultsIn(ledger: LedgerRecord, { operations }: GeneratorWindow, messages: number): number {
  const { sent, delivered, duplicated, reordered, corrupted } = ledger;
  const missing = Math.max(Math.abs(messages - sent), Math.abs(messages - delivered), messages - operations);
  return missing + duplicated + reordered + corrupted;
}

function latencies({ latencyNs }: GeneratorWindow): Measured['figures'] {
  if (latencyNs === null) return {};
  const { mean, p50, p99 } = latencyNs;
  return { latency_ns_mean: mean, latency_ns_p50: p50, latency_ns_p99: p99 };
}
