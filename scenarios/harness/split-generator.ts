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
import type { LedgerRecord } from './record.js';
import { SparseHistogram } from './statistics/sparse-histogram.js';

/** The appointment of the first window: so much for each request in flight. Later ones know how long it takes. */
const LEAD_NS_PER_REQUEST = 1_000;
const LEAD_NS_MIN = 50e6;
/** How much longer than the last time the sessions may take to be under load; more after each attempt that failed. */
const LEAD_MARGIN = 1.5;
const ATTEMPTS_MAX = 6;
/** A prime near 2^32 over the golden ratio: the seeds of the parts differ in all their bits. */
const SEED_STEP = 2_654_435_761;

interface SplitGroup {
  /** Which server process each generator's sessions go to, by index. */
  targets: readonly number[];
  /** How long after it was asked for a window measures, so that all parts are under way; null before the first. */
  leadNs: number | null;
  serviceTime: SparseHistogram;
  responseTime: SparseHistogram;
}

/**
 * Several generator processes as one: sessions are dealt out among them, windows begin together and are added up,
 * histograms merged, ledgers summed. All parts count what arrives between the same two moments of the clock they share: they
 * have an appointment, and one that gets the processor late has missed nothing, since it is its reading that is
 * counted. Only a window for which one of them had not yet all its sessions under load is measured again, with a later
 * appointment.
 */
export class SplitGenerator implements LoadGenerator {
  readonly #parts: readonly LoadGenerator[];
  readonly #nowNs: () => number;
  readonly #groups = new Map<string, SplitGroup>();

  /** `nowNs` reads the clock that all processes of the machine share. */
  constructor(parts: readonly LoadGenerator[], nowNs = () => Number(process.hrtime.bigint())) {
    this.#parts = parts;
    this.#nowNs = nowNs;
  }

  async connect(
    group: string,
    targets: readonly LoadTarget[],
    sessions: number,
    seed: number,
  ): Promise<void> {
    const dealt = this.#parts.map((_, index) => index % targets.length);
    const share = Math.floor(sessions / this.#parts.length);
    const rest = sessions % this.#parts.length;
    const opened = await Promise.allSettled(
      this.#parts.map((part, index) => {
        const partSeed = (seed + index * SEED_STEP) % 2 ** 32;
        return part.connect(group, [targets[dealt[index]]], share + (index < rest ? 1 : 0), partSeed);
      }),
    );
    const failed = opened.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      const connected = this.#parts.filter((_, index) => opened[index].status === 'fulfilled');
      await Promise.allSettled(connected.map((part) => part.disconnect(group)));
      throw failed.reason;
    }
    this.#groups.set(group, {
      targets: dealt,
      leadNs: null,
      serviceTime: new SparseHistogram(),
      responseTime: new SparseHistogram(),
    });
  }

  async run(windows: readonly GroupWindow[], parameters: CaseParameters): Promise<GeneratorWindow[]> {
    const results: GeneratorWindow[] = [];
    for (const window of windows) results.push(await this.#measure(window, parameters));
    return results;
  }

  async #measure(window: GroupWindow, parameters: CaseParameters): Promise<GeneratorWindow> {
    const split = this.#group(window.group);
    const inFlight = LOAD_SHAPES[parameters.load].inFlight(parameters);
    let leadNs = split.leadNs ?? LEAD_NS_MIN + window.discardNs + inFlight * LEAD_NS_PER_REQUEST;
    let lateNs = 0;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const beganNs = this.#nowNs();
      const measureAtNs = Math.round(beganNs + leadNs);
      const measured = { ...window, measureAtNs };
      const parts = await Promise.all(this.#parts.map((part) => part.run([measured], parameters)));
      const results = parts.map(([result]) => result);
      const histograms = await Promise.all(this.#parts.map((part) => part.histograms(window.group)));
      const tookNs = Math.max(...results.map(({ readyNs, startNs }) => readyNs ?? startNs)) - beganNs;
      lateNs = Math.max(...results.map(({ startNs }) => startNs)) - measureAtNs;
      leadNs = Math.max(LEAD_NS_MIN, tookNs * LEAD_MARGIN ** attempt);
      if (lateNs > 0) continue;
      split.leadNs = leadNs;
      for (const { serviceTimeNs, responseTimeNs } of histograms) {
        split.serviceTime.add(serviceTimeNs);
        split.responseTime.add(responseTimeNs ?? []);
      }
      return merged(results, split.targets);
    }
    throw new ControlError(
      'ERR_GENERATOR_OUT_OF_STEP',
      `${this.#parts.length} load generators had the sessions of group ${window.group} under load up to ` +
        `${(lateNs / 1e6).toFixed(0)} ms after measuring was to begin, in ${ATTEMPTS_MAX} attempts; ` +
        'ask for fewer sessions or less depth',
      window.group,
    );
  }

  async histograms(group: string): Promise<GroupHistograms> {
    const split = this.#group(group);
    const { serviceTime, responseTime } = split;
    split.serviceTime = new SparseHistogram();
    split.responseTime = new SparseHistogram();
    return {
      serviceTimeNs: serviceTime.counts(),
      responseTimeNs: responseTime.samples === 0 ? null : responseTime.counts(),
    };
  }

  async ledger(group: string): Promise<GroupLedger> {
    const [first, ...others] = await Promise.all(this.#parts.map((part) => part.ledger(group)));
    const ledger = { ...first.ledger };
    let { sentPerSessionMin, killedSessions, unacknowledgedOnKilled } = first;
    for (const other of others) {
      for (const key of Object.keys(ledger) as (keyof LedgerRecord)[]) ledger[key] += other.ledger[key];
      sentPerSessionMin = Math.min(sentPerSessionMin, other.sentPerSessionMin);
      killedSessions += other.killedSessions;
      unacknowledgedOnKilled += other.unacknowledgedOnKilled;
    }
    return { ledger, sentPerSessionMin, killedSessions, unacknowledgedOnKilled };
  }

  async disconnect(group: string): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.disconnect(group)));
  }

  get running(): boolean {
    return this.#parts.every((part) => part.running);
  }

  #group(name: string): SplitGroup {
    const split = this.#groups.get(name);
    if (split === undefined) throw new Error(`group ${name} is not connected`);
    return split;
  }
}

/**
 * The windows of the parts, which are of one stretch of time, as one. Each of a server's generators has read the
 * processor time of the same process.
 */
function merged(parts: readonly GeneratorWindow[], targets: readonly number[]): GeneratorWindow {
  const sum = (pick: (part: GeneratorWindow) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const { startNs, endNs } = parts[0];
  const generatorsOf = (target: number): number => targets.filter((each) => each === target).length;
  return {
    group: parts[0].group,
    startNs,
    endNs,
    operations: sum((part) => part.operations),
    bytes: sum((part) => part.bytes),
    intended: sum((part) => part.intended ?? 0),
    answeredInTime: sum((part) => part.answeredInTime ?? 0),
    framesDue: sum((part) => part.framesDue ?? 0),
    framesOnTime: sum((part) => part.framesOnTime ?? 0),
    serverCpuNs: parts.reduce(
      (total, part, index) => total + part.serverCpuNs / generatorsOf(targets[index]),
      0,
    ),
    // Whether a generator is the limit shows in the busiest of them.
    generatorCpuNs: Math.max(...parts.map((part) => part.generatorCpuNs)),
    // Percentiles of the parts are none of the whole; the histograms have them.
    latencyNs: null,
  };
}
