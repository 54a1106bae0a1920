import { CLOSED_CASE, gatedMetrics, OPEN_CASE } from '../../../ci/gate/invocation/gated-metrics.js';
import type { BlockLine, CaseLine, InvocationLine } from '../../../ci/gate/invocation/invocation-record.js';
import type { HeaderLine, RawLine } from '../../../ci/gate/invocation/raw-file.js';
import type { GateSummary } from '../../../ci/gate/output/gate-summary.js';
import {
  type SampleOptions,
  sampleHeader,
  sampleInvocation,
} from '../../../ci/gate/testing/sample-invocations.js';
import { judgeRaw } from '../../../ci/gate/verdict/judge-raw.js';
import { normalDeviate, seededRandom } from '../../testing/seeded-random.js';
import type { GateInput } from '../gate-input.js';

/** Gates that were never measured, one for each way to end, with every metric of both cases. */

export const ALL_METRICS = gatedMetrics({ casePattern: null, metricPattern: null, limitPercent: 5 }).filter(
  ({ metric }) => metric !== 'allocations_per_op',
);

export function gateHeader(changes: Partial<HeaderLine> = {}): HeaderLine {
  return sampleHeader({
    metrics: ALL_METRICS,
    toolchain: 'node 20.17.0 abi 115 x64\ng++: g++ 12.2.0',
    ...changes,
  });
}

/** The closed loop of the gate's own sample, an open loop like it, and latencies that vary. */
export function gateInvocation(index: number, options: SampleOptions = {}, seed = 1): InvocationLine {
  const line = sampleInvocation(index, { ...options, control: index % 4 === 3 }, seed);
  const other = sampleInvocation(index, { ...options, control: index % 4 === 3 }, seed + 1_000);
  const random = seededRandom(seed * 10_007 + index);
  const startedAt = new Date(Date.UTC(2024, 0, 2, 3, 4, 5) + index * 11_000).toISOString();
  const closed = varied(line.cases[CLOSED_CASE]!, random, null);
  const open = varied(other.cases[CLOSED_CASE]!, random, 24_000);
  return { ...line, startedAt, cases: { [CLOSED_CASE]: closed, [OPEN_CASE]: open } };
}

function varied(body: CaseLine, random: () => number, ratePerSecond: number | null): CaseLine {
  const paced = ratePerSecond === null ? 1 : 0.03;
  const block = (each: BlockLine): BlockLine => ({
    ...each,
    stealPercent: Math.max(0, 0.4 + 0.5 * normalDeviate(random)),
    windows: each.windows.map((window) => ({
      ...window,
      serverCpuNs: window.serverCpuNs * Math.exp(0.02 * normalDeviate(random)),
      latencyNs:
        window.latencyNs === null
          ? null
          : {
              samples: window.latencyNs.samples,
              p50: window.latencyNs.p50 * paced * Math.exp(0.03 * normalDeviate(random)),
              p99: window.latencyNs.p99 * paced * Math.exp(0.12 * normalDeviate(random)),
            },
    })),
  });
  const { candidate, control } = body.blocks;
  return { ...body, ratePerSecond, blocks: { candidate: candidate.map(block), control: control.map(block) } };
}

/** Nothing can be decided between these: looks and confirmations, and one later where an invocation did not count. */
const JUDGED_AT = [2, 3, 12, 13, 24, 25, 36, 37, 48, 49, 72, 73, 96, 97, 120, 121];

export interface GateOptions extends SampleOptions {
  header?: Partial<HeaderLine>;
  seed?: number;
  /** Changes an invocation before it is judged. */
  change?: (line: InvocationLine) => InvocationLine;
  end?: { why: 'budget' | 'interrupted' | 'disturbed'; after: number };
}

/** Invocation after invocation until the gate is decided, or ends. */
export function sampleGate({
  header,
  seed = 1,
  change = (line) => line,
  end,
  ...options
}: GateOptions = {}): GateInput {
  const lines: RawLine[] = [gateHeader(header)];
  for (let index = 0; ; index++) {
    if (index === end?.after) lines.push({ kind: 'end', why: end.why });
    if (index === end?.after || JUDGED_AT.includes(index) || index === 0) {
      const { file, decided } = judgeRaw(lines);
      if (decided) return { verdict: file, lines };
    }
    if (index > 150) throw new Error('a sample gate never ends');
    lines.push(change(gateInvocation(index, options, seed)));
  }
}

/** The base differs from itself in the closed loop. */
function crooked(line: InvocationLine): InvocationLine {
  const body = line.cases[CLOSED_CASE]!;
  const control = body.blocks.control.map((block) => ({
    ...block,
    windows: block.windows.map((window) =>
      window.arm === 'control' ? { ...window, operations: window.operations * 0.92 } : window,
    ),
  }));
  return {
    ...line,
    cases: { ...line.cases, [CLOSED_CASE]: { ...body, blocks: { ...body.blocks, control } } },
  };
}

/** Now and then a block is lost, for one of two causes. */
function disturbed(line: InvocationLine): InvocationLine {
  const body = line.cases[CLOSED_CASE]!;
  const candidate = body.blocks.candidate.map((block, index): BlockLine => {
    const isLost = line.index === 5 ? index < 9 : (line.index * 7 + index) % 19 === 0;
    if (!isLost) return block;
    return (line.index + index) % 3 === 0
      ? {
          ...block,
          dropped: { kind: 'foreign-cpu', reason: 'other programs took 14.0 % of the processor time' },
        }
      : { ...block, dropped: { kind: 'steal', reason: 'the hypervisor took 9.1 %' } };
  });
  return {
    ...line,
    cases: { ...line.cases, [CLOSED_CASE]: { ...body, blocks: { ...body.blocks, candidate } } },
  };
}

export const GATES = {
  pass: () => sampleGate({ change: disturbed }),
  faster: () => sampleGate({ slowdown: -0.08 }),
  fail: () => sampleGate({ slowdown: 0.08, change: disturbed }),
  noise: () => sampleGate({ slowdown: 0.03, deviation: 0.09 }),
  control: () => sampleGate({ change: crooked }),
  drops: () => sampleGate({ dropped: 7 }),
  budget: () => sampleGate({ slowdown: 0.03, end: { why: 'budget', after: 7 } }),
  interrupted: () => sampleGate({ end: { why: 'interrupted', after: 4 } }),
  disturbed: () => sampleGate({ dropped: 9, end: { why: 'disturbed', after: 1 } }),
  correctness: () => sampleGate({ lost: 3 }),
  died: () =>
    sampleGate({
      change: (line) => ({
        ...line,
        failure: {
          arm: 'candidate',
          code: 'ERR_CONTROL_PROCESS_EXITED',
          message: 'candidate was ended by SIGSEGV',
        },
      }),
    }),
  objections: () =>
    sampleGate({
      header: {
        objections: ['too noisy: the same 4 ms of work took times that spread over 91 % of their median'],
      },
    }),
} as const satisfies Record<string, () => GateInput>;

/** More invocations than any gate takes, for the size of its page. */
export function longestGate(invocations = 144): GateInput {
  const lines: RawLine[] = [gateHeader()];
  for (let index = 0; index < invocations; index++) {
    lines.push(disturbed(gateInvocation(index, { slowdown: 0.042, deviation: 0.03 }, 3)));
  }
  return { verdict: judgeRaw(lines).file, lines };
}

/** A comparison with stored ratios. */
export function storedGate(changes: Partial<GateSummary> = {}): GateInput {
  return {
    verdict: {
      ...{ verdict: 'fail', exitCode: 3, improved: false },
      comparison:
        'bbbbbbbbbbbb against 6 stored runs of the baseline "main": ratios to core/baseline, not interleaved, seed 7',
      reasons: ['tcp/depth=16 throughput_ops_per_s: 9.1 % slower than the median of 6 stored runs'],
      rows: [
        {
          ...{ case: 'tcp/depth=16', metric: 'throughput_ops_per_s', base: '1', candidate: '0.917' },
          ...{ slowdown: '+9.10 %', limit: '5 %', finding: 'fail', reason: 'clear of the stored spread' },
        },
        {
          ...{ case: 'tcp/depth=16', metric: 'latency_ns_p50', base: '1', candidate: '0.930' },
          ...{ slowdown: '+7.53 %', limit: '', finding: 'shown', reason: '' },
        },
      ],
      notes: ['there is no base build: the parent does not compile here'],
      ...changes,
    },
    lines: [],
  };
}
