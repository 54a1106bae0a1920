import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ThreadWork, WindowTask, WorkWindow } from '../../harness/scaling/thread-work.js';
import { EchoEnd } from './echo-end.js';
import type { EchoResult } from './echo-protocol.js';

export interface PairsPlace {
  transport: 'mem' | 'tcp';
  pairs: number;
  /** Processors that threads are pinned to: one for each pair over `mem`, two over `tcp`. */
  processors: readonly number[];
}

interface Pair {
  server: EchoEnd;
  client: EchoEnd;
}

/** Pairs of JavaScript threads of this process, each echoing between its two ends; idle pairs sleep. */
export class EchoPairs implements ThreadWork {
  readonly #pairs: readonly Pair[];
  #turn = 0;

  private constructor(pairs: readonly Pair[]) {
    this.#pairs = pairs;
  }

  static async open(place: PairsPlace): Promise<EchoPairs> {
    const pairs: Pair[] = [];
    try {
      for (let index = 0; index < place.pairs; index++) pairs.push(await openPair(place, index));
    } catch (error) {
      await stopAll(pairs);
      throw error;
    }
    return new EchoPairs(pairs);
  }

  async window({ threads, discardNs, measureNs }: WindowTask): Promise<WorkWindow> {
    // Fewer pairs than there are take turns, so that a processor which is slower than others is not always left out.
    const first = this.#turn++;
    const working = Array.from(
      { length: threads },
      (_, index) => this.#pairs[(first + index) % this.#pairs.length],
    );
    const cpuBefore = process.cpuUsage();
    const results = await Promise.all(working.map(({ client }) => client.echo({ discardNs, measureNs })));
    const { user, system } = process.cpuUsage(cpuBefore);
    return windowOf(results, (user + system) * 1_000);
  }

  release(): Promise<void> {
    return stopAll(this.#pairs);
  }
}

/**
 * All pairs rest before and after, so the kernel's account of the process is exact there and not at the marks between;
 * what was measured gets its share by operations.
 */
export function windowOf(results: readonly EchoResult[], cpuNs: number): WorkWindow {
  const sum = (pick: (result: EchoResult) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  const [sent, delivered, operations] = [
    sum((result) => result.sent),
    sum((result) => result.delivered),
    sum((result) => result.operations),
  ];
  // Each pair ends with the batch in which its time is up; the mean is what the sum of operations belongs to.
  const meanNs = sum(({ startNs, endNs }) => endNs - startNs) / results.length;
  const startNs = Math.min(...results.map((result) => result.startNs));
  return {
    startNs,
    endNs: startNs + meanNs,
    operations,
    cpuNs: (cpuNs * operations) / delivered,
    ledger: {
      ...{ sent, delivered, lost: sent - delivered, droppedCounted: 0, unacknowledgedAtClose: 0 },
      duplicated: sum((result) => result.duplicated),
      reordered: sum((result) => result.reordered),
      corrupted: sum((result) => result.corrupted),
    },
  };
}

async function openPair({ transport, pairs, processors }: PairsPlace, index: number): Promise<Pair> {
  const url = transport === 'mem' ? `mem://thread-work-${index}` : 'tcp://127.0.0.1:0';
  const server = new EchoEnd('echo-server.js', { url });
  let client: EchoEnd | undefined;
  try {
    const listening = await server.ready();
    client = new EchoEnd('echo-client.js', { url: listening.url });
    const connected = await client.ready();
    await pin(listening.threadId, processors[index]);
    await pin(connected.threadId, processors[transport === 'mem' ? index : pairs + index]);
    return { server, client };
  } catch (error) {
    await Promise.all([server.stop(), client?.stop()]);
    throw error;
  }
}

async function pin(threadId: number, processor: number | undefined): Promise<void> {
  if (processor === undefined) throw new Error('there are fewer processors than threads to pin');
  await promisify(execFile)('taskset', ['-cp', String(processor), String(threadId)]);
}

async function stopAll(pairs: readonly Pair[]): Promise<void> {
  await Promise.all(pairs.flatMap(({ server, client }) => [server.stop(), client.stop()]));
}
