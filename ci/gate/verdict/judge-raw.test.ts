import { describe, expect, it } from 'vitest';
import { CLOSED_CASE, gatedMetrics } from '../invocation/gated-metrics.js';
import type { InvocationLine } from '../invocation/invocation-record.js';
import { type HeaderLine, parseRawLines, type RawLine } from '../invocation/raw-file.js';
import { type SampleOptions, sampleHeader, sampleInvocation } from '../testing/sample-invocations.js';
import { judgeRaw } from './judge-raw.js';

/** A gate's lines, invocation after invocation, until it is decided. */
function gate(options: SampleOptions, header: HeaderLine = sampleHeader(), seed = 1) {
  const lines: RawLine[] = [header];
  let judgement = judgeRaw(lines);
  for (let index = 0; !judgement.decided && index < 130; index++) {
    lines.push(sampleInvocation(index, { ...options, control: index % 4 === 3 }, seed));
    judgement = judgeRaw(lines);
  }
  return { ...judgement, lines };
}

const all = sampleHeader({
  metrics: gatedMetrics({ casePattern: CLOSED_CASE, metricPattern: null, limitPercent: 5 }),
});

describe('the verdict', () => {
  it('passes what is not slower, after the first look', () => {
    const { file, decided } = gate({});
    expect(file).toMatchObject({ verdict: 'pass', exitCode: 0, invocations: { measured: 12, used: 12 } });
    expect(decided).toBe(true);
    expect(file.control).toHaveLength(1);
    expect(Math.abs(file.metrics[0].slowdownPercent ?? Number.NaN)).toBeLessThan(2);
  });

  it('fails what is slower, after fresh invocations have said it again', () => {
    const { file } = gate({ slowdown: 0.08 });
    expect(file).toMatchObject({ verdict: 'fail', exitCode: 3, invocations: { used: 36 } });
    expect(file.metrics[0].state?.slower.finding).toBe('confirmed');
    expect(file.metrics[0].slowdownPercent).toBeCloseTo(8, 0);
  });

  it('turns its sign when the arms are swapped', () => {
    const { lines, file } = gate({ slowdown: 0.08 });
    const swapped = judgeRaw(lines.map(swap)).file;
    const [before, after] = [file, swapped].map((each) =>
      Math.log1p((each.metrics[0].slowdownPercent ?? 0) / 100),
    );
    expect(after).toBeCloseTo(-before, 12);
    expect(swapped.verdict).toBe('pass');
    expect(swapped.metrics[0].state?.faster.finding).toBe('confirmed');
  });

  it('is the same to the byte from the same file', () => {
    const { lines, file } = gate({ slowdown: 0.02 }, all);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const again = judgeRaw(parseRawLines(text, 'raw.ndjson')).file;
    expect(JSON.stringify(again)).toBe(JSON.stringify(file));
  });

  it('names what both builds do not count, and decides by the rest', () => {
    const { file } = gate({}, all);
    expect(file.verdict).toBe('pass');
    expect(file.notes.join()).toMatch(/allocations_per_op is not compared/);
    const states = Object.fromEntries(file.metrics.map((each) => [each.metric, each.state !== null]));
    expect(states).toMatchObject({ allocations_per_op: false, syscalls_per_op: true, latency_ns_p50: false });
    expect(file.metrics.find((each) => each.metric === 'payload_copies_per_op')).toMatchObject({ base: 0 });
  });

  it('fails by a count without noise after four invocations', () => {
    const { file } = counting(4, { payload_copies: 1_000 });
    expect(file).toMatchObject({ exitCode: 3, invocations: { used: 4 } });
    expect(file.reasons[0]).toContain('payload_copies_per_op: without bound (from 0) more');
  });

  it('does not fail by a copy of one message in two thousand, which timing makes', () => {
    const { file } = counting(12, { messages_received: 2_000, syscalls: 250, payload_copies: 1 });
    expect(file.verdict).toBe('pass');
  });

  it('decides syscalls like what is timed: noise passes, a slowdown of more than L fails', () => {
    const noisy = counting(12, (index) => ({ syscalls: 125 + [3, -4, 2, 0, -2, 4, -3, 1][index % 8] }));
    expect(noisy.file).toMatchObject({ verdict: 'pass', invocations: { used: 12 } });
    const syscalls = noisy.file.metrics.find(({ metric }) => metric === 'syscalls_per_op');
    expect(syscalls).toMatchObject({ kind: 'tally', state: { kind: 'noisy' }, noise: null });
    expect(syscalls?.unitDeviationPercent).toBeCloseTo(2.2, 0);
    const more = counting(60, (index) => ({ syscalls: 133 + [3, -4, 2, 0, -2, 4, -3, 1][index % 8] }));
    expect(more.file).toMatchObject({ verdict: 'fail', exitCode: 3 });
    expect(more.file.reasons[0]).toMatch(/syscalls_per_op: 6\.\d\d % slower, confirmed/);
  });

  it('leaves an invocation without a tally out as a whole, and gates by it all the same', () => {
    const lines: RawLine[] = [all];
    for (let index = 0; index < 60 && !judgeRaw(lines).decided; index++) {
      const line = sampleInvocation(index);
      const { counters } = line.cases[CLOSED_CASE];
      counters.candidate = index === 5 ? { payload_copies: 0 } : { ...counters.candidate, syscalls: 150 };
      lines.push(line);
    }
    const { file } = judgeRaw(lines);
    expect(file).toMatchObject({ verdict: 'fail', invocations: { measured: 49, used: 48 } });
    expect(file.reasons[0]).toMatch(/syscalls_per_op: 20\.00 % slower, confirmed/);
    expect(file.notes.join()).toMatch(/1 invocations lack a count that others have \(.*syscalls_per_op\)/);
    const { file: ended } = judgeRaw([...lines.slice(0, 8), { kind: 'end', why: 'disturbed' }]);
    expect(ended.reasons).toEqual([expect.stringContaining('1 invocations lack a count')]);
  });

  it('lets bytes per session vary beyond their limit, and leaves out what was not measured', () => {
    const memory = [500, 1_024, 505, 498, 510, 1_030, 490, 500, 505, 498, 510, 490];
    const lines: RawLine[] = [all];
    for (const [index, candidate] of memory.entries()) {
      lines.push({ ...sampleInvocation(index), memoryBytesPerSession: { base: 500, candidate } });
    }
    expect(judgeRaw(lines)).toMatchObject({ decided: true, file: { verdict: 'pass' } });
    // Decided after four of them: later invocations need none.
    const steady = lines.map((line, index) => {
      if (line.kind !== 'invocation') return line;
      return { ...line, memoryBytesPerSession: index > 4 ? {} : { base: 500, candidate: 510 } };
    });
    expect(judgeRaw(steady)).toMatchObject({ decided: true, file: { verdict: 'pass' } });
  });
});

type Counts = Partial<Record<'messages_received' | 'syscalls' | 'payload_copies', number>>;

/** A gate of all metrics of the closed loop whose candidate counts this, until it is decided. */
function counting(most: number, counts: Counts | ((index: number) => Counts)) {
  const lines: RawLine[] = [all];
  let judgement = judgeRaw(lines);
  for (let index = 0; !judgement.decided && index < most; index++) {
    const line = sampleInvocation(index, { control: index % 4 === 3 });
    const { counters } = line.cases[CLOSED_CASE];
    const changed = typeof counts === 'function' ? counts(index) : counts;
    counters.candidate = { ...(counters.candidate ?? {}), ...changed };
    lines.push(line);
    judgement = judgeRaw(lines);
  }
  expect(judgement.decided).toBe(true);
  return judgement;
}

describe('what stands above a verdict', () => {
  it('a message that the candidate lost is a failed check, however fast it was', () => {
    const { file } = gate({ lost: 3 });
    expect(file).toMatchObject({
      verdict: 'fail',
      exitCode: 6,
      reasons: ['3 messages lost by the candidate'],
    });
  });

  it.each([
    ['candidate', 6, 'fail'],
    ['base', 4, 'inconclusive'],
    ['control', 4, 'inconclusive'],
  ] as const)('a %s that died ends the gate with %d', (arm, exitCode, verdict) => {
    const failure = { arm, code: 'ERR_CONTROL_PROCESS_EXITED', message: `${arm} was ended by SIGSEGV` };
    const { file, decided } = judgeRaw([sampleHeader(), { ...sampleInvocation(0), failure }]);
    expect(decided).toBe(true);
    expect(file).toMatchObject({ exitCode, verdict });
    expect(file.reasons[0]).toContain('was ended by SIGSEGV');
  });

  it('a kind of fault that the base shows, too, is no fault of the change', () => {
    const alike = gate({ lost: 300, lostByBase: 1 }).file;
    expect(alike).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(alike.reasons).toEqual([
      '300 messages lost by the candidate',
      '1 messages lost by the base',
      expect.stringContaining('the change is not to blame'),
    ]);
    const line = sampleInvocation(0, { lost: 3, lostByBase: 3 });
    const { candidate } = line.cases[CLOSED_CASE].ledgers;
    line.cases[CLOSED_CASE].ledgers.candidate = { ...candidate!, corrupted: 1 };
    expect(judgeRaw([sampleHeader(), line]).file).toMatchObject({
      exitCode: 6,
      reasons: [
        '1 messages corrupted by the candidate',
        '3 messages lost by the candidate',
        '3 messages lost by the base',
      ],
    });
  });

  it.each([
    [{ others: ['base' as const] }, 'base failed alike', 'the change is not to blame'],
    [{ disturbance: 'the hypervisor took 40 %' }, 'meanwhile the hypervisor took 40 %', 'free it and repeat'],
  ])('a candidate that failed amid %j makes it inconclusive', (circumstances, said, advice) => {
    const failure = {
      ...{ arm: 'candidate' as const, code: 'ERR_GENERATOR_REPLY_TIMEOUT', message: 'none answered' },
      ...circumstances,
    };
    const { file, decided } = judgeRaw([sampleHeader(), { ...sampleInvocation(0), failure }]);
    expect(decided).toBe(true);
    expect(file).toMatchObject({ exitCode: 4, verdict: 'inconclusive' });
    expect(file.reasons).toEqual([expect.stringContaining(said), expect.stringContaining(advice)]);
  });

  it('a machine that is too noisy from the start is not measured', () => {
    const { file, lines } = gate({}, sampleHeader({ objections: ['too noisy: it spreads'] }));
    expect(lines).toHaveLength(1);
    expect(file).toMatchObject({ exitCode: 4, reasons: ['too noisy: it spreads'] });
  });

  it('too many dropped blocks end it, with their causes counted', () => {
    const { file, lines } = gate({ dropped: 7 });
    expect(lines).toHaveLength(13);
    expect(file.exitCode).toBe(4);
    expect(file.reasons[0]).toContain('84 of 180 blocks were dropped');
    expect(file.drops.causes).toEqual({ steal: 84 });
  });

  it('a burst at the beginning does not', () => {
    const lines: RawLine[] = [sampleHeader()];
    for (let index = 0; index < 16; index++) {
      lines.push(sampleInvocation(index, { dropped: index < 4 ? 14 : 0 }));
      expect(judgeRaw(lines).decided).toBe(index === 15);
    }
    expect(judgeRaw(lines).file).toMatchObject({ verdict: 'pass', invocations: { measured: 16, used: 12 } });
  });

  it('drops that meet the candidate and not the control beside it do, and only at the verdict', () => {
    const lines: RawLine[] = [sampleHeader()];
    for (let index = 0; index < 12; index++) {
      const control = index % 4 === 3;
      lines.push(sampleInvocation(index, { control, droppedOfCandidate: control ? 7 : 0 }));
    }
    expect(judgeRaw(lines.slice(0, -1)).decided).toBe(false);
    const { file } = judgeRaw(lines);
    expect(file).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(file.reasons[0]).toContain(
      '21 of 24 blocks of the candidate and 0 of 45 of the control beside it',
    );
  });

  it('an invocation with too few blocks left is measured again', () => {
    const lines: RawLine[] = [sampleHeader(), sampleInvocation(0, { dropped: 9 })];
    for (let index = 1; index < 12; index++) lines.push(sampleInvocation(index));
    expect(judgeRaw(lines)).toMatchObject({
      decided: false,
      file: { invocations: { measured: 12, used: 11 } },
    });
    lines.push(sampleInvocation(12));
    expect(judgeRaw(lines)).toMatchObject({
      decided: true,
      file: { verdict: 'pass', invocations: { used: 12 } },
    });
  });

  it('a base that differs from itself makes any verdict inconclusive', () => {
    const { lines } = gate({});
    const crooked = lines.map((line) => {
      if (line.kind !== 'invocation') return line;
      const slow = sampleInvocation(line.index, { slowdown: 0.08 }).cases[CLOSED_CASE].blocks.candidate;
      const control = slow.map((block) => ({
        ...block,
        windows: block.windows.map((window) => ({
          ...window,
          arm: window.arm === 'candidate' ? ('control' as const) : window.arm,
        })),
      }));
      const body = line.cases[CLOSED_CASE];
      return { ...line, cases: { [CLOSED_CASE]: { ...body, blocks: { ...body.blocks, control } } } };
    });
    const { file } = judgeRaw(crooked);
    expect(file).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(file.reasons[0]).toContain('the base differs from itself');
  });

  it('an end for want of undisturbed blocks says so', () => {
    const lines: RawLine[] = [
      sampleHeader(),
      sampleInvocation(0, { dropped: 9 }),
      { kind: 'end', why: 'disturbed' },
    ];
    const { file } = judgeRaw(lines);
    expect(file).toMatchObject({
      exitCode: 4,
      reasons: [expect.stringContaining('1 invocations had too few')],
    });
  });

  it('an end by the budget is inconclusive, by an interrupt 130', () => {
    const measured = [sampleHeader(), sampleInvocation(0)];
    const budget = judgeRaw([...measured, { kind: 'end', why: 'budget' }]).file;
    expect(budget).toMatchObject({ verdict: 'inconclusive', exitCode: 4 });
    expect(budget.reasons.join()).toContain('--budget');
    const interrupted = judgeRaw([...measured, { kind: 'end', why: 'interrupted' }]).file;
    expect(interrupted).toMatchObject({ verdict: 'interrupted', exitCode: 130 });
  });
});

function swap(line: RawLine): RawLine {
  if (line.kind !== 'invocation') return line;
  const other = { base: 'candidate', candidate: 'base', control: 'control' } as const;
  const body = line.cases[CLOSED_CASE];
  const candidate = body.blocks.candidate.map((block) => ({
    ...block,
    windows: block.windows.map((window) => ({ ...window, arm: other[window.arm] })),
  }));
  const swapped: InvocationLine = {
    ...line,
    cases: { [CLOSED_CASE]: { ...body, blocks: { candidate, control: body.blocks.control } } },
  };
  return swapped;
}
