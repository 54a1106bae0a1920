import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChildProgram } from './child-program.js';

const SOURCE = fileURLToPath(new URL('../../native/testing/faulty_syscalls.cc', import.meta.url));
const SEEDS = process.env.MSGTRANS_FAULT_SEED ? [Number(process.env.MSGTRANS_FAULT_SEED)] : [1, 20, 300];
const MESSAGES = 40;

interface Summary {
  seed: number;
  sessions: number;
  echoed: number;
  abnormalCloses: number;
  responsesUnmatched: number;
  messagesDiscarded: number;
}

type FaultCounts = Record<string, Record<string, number>>;

function faultCounts(stderr: string): FaultCounts {
  const line = stderr.split('\n').find((text) => text.startsWith('faults: '));
  if (line === undefined) throw new Error(`the preloaded library reported nothing: ${stderr}`);
  return JSON.parse(line.slice('faults: '.length));
}

let folder: string;
let library: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-'));
  library = join(folder, 'faulty_syscalls.so');
  const flags = [
    '-std=c++20',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Wshadow',
    '-Wconversion',
    '-Werror',
    '-shared',
    '-fPIC',
  ];
  execFileSync('g++', [...flags, '-o', library, SOURCE, '-ldl']);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('system calls that fail and fall short', () => {
  it.each(SEEDS)('lose and reorder nothing (seed %i)', async (seed) => {
    await using program = new ChildProgram('echo-load-program', {
      args: [String(seed), String(MESSAGES)],
      env: { LD_PRELOAD: library, MSGTRANS_FAULT_SEED: String(seed) },
    });
    const summary = await program.next<Summary>();
    expect(summary).toMatchObject({
      seed,
      echoed: summary.sessions * MESSAGES,
      abnormalCloses: 0,
      responsesUnmatched: 0,
      messagesDiscarded: 0,
    });
    const { code, stderr } = await program.ended;
    expect([code, stderr.replace(/^faults: .*$/m, '').trim()]).toEqual([0, '']);
    const counts = faultCounts(stderr);
    for (const call of ['recv', 'send', 'sendmsg']) {
      for (const fault of ['EINTR', 'EAGAIN', 'ENOBUFS', 'short']) {
        expect(counts[call][fault], `${call} ${fault}`).toBeGreaterThan(0);
      }
    }
    expect(counts.accept4.none).toBeGreaterThan(0);
    expect(counts.epoll_wait.EINTR).toBeGreaterThan(0);
  });

  it.each(['ENOBUFS', 'ENOMEM', 'EMFILE'] as const)(
    'do not spin while accept fails with %s',
    async (name) => {
      await using program = new ChildProgram('failing-accept-program', {
        env: { LD_PRELOAD: library, MSGTRANS_FAULT_ACCEPT: String(constants.errno[name]) },
      });
      const idle = await program.next<{ cpuMs: number; wallMs: number; errors: string[] }>();
      expect(idle.errors[0]).toMatch(
        name === 'EMFILE' ? 'ERR_MSGTRANS_DESCRIPTORS_EXHAUSTED' : 'ERR_MSGTRANS_OUT_OF_MEMORY',
      );
      expect(idle.cpuMs).toBeLessThan(idle.wallMs / 2);
      const { stderr } = await program.ended;
      // A try every tick is many in the second it takes; a spinning loop makes more than ten thousand.
      expect(faultCounts(stderr).accept4.none).toBeLessThan(3000);
    },
  );
});
