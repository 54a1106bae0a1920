import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RawPeer, until } from '../contract/connected-pair.js';
import { encodePacket, NO_BYTES } from '../protocol/packet-codec.js';
import { ChildProgram } from './child-program.js';

const DESCRIPTORS_MAX = 64;
const CONNECTS = 150;

interface Answer {
  errors: { code: string; message: string }[];
  sessionsOpen: number;
  acceptsRefused: number;
  cpuMs: number;
  wallMs: number;
}

interface Attempt {
  socket: Socket;
  ended: boolean;
}

async function attempt(port: number): Promise<Attempt> {
  const socket = connect(port, '127.0.0.1');
  const made: Attempt = { socket, ended: false };
  socket.resume();
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      made.ended = true;
    });
  }
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return made;
}

async function echo(port: number): Promise<Buffer> {
  await using peer = await RawPeer.connect(port);
  const fields = { packetType: 'request', bizType: 0, messageId: 9, highPriority: false } as const;
  await peer.write(encodePacket({ ...fields, extHeader: NO_BYTES, payload: Buffer.from('served?') }));
  await until(() => peer.received.length === 16 + 7);
  return peer.received.subarray(16);
}

describe('a server without descriptors left', () => {
  it('turns connections away at once, says so, does not spin, and recovers', async () => {
    await using program = new ChildProgram('descriptor-limit-program', { descriptorsMax: DESCRIPTORS_MAX });
    const { port } = await program.next<{ port: number }>();
    const ask = () => {
      program.tell('?');
      return program.next<Answer>();
    };
    const attempts = await Promise.all(Array.from({ length: CONNECTS }, () => attempt(port)));
    const refused = () => attempts.filter(({ ended }) => ended).length;
    // Nobody waits for a time-out: who is not served is told.
    let answer = await ask();
    await until(() => refused() + answer.sessionsOpen >= CONNECTS);
    answer = await ask();
    expect(answer.sessionsOpen).toBeGreaterThan(10);
    expect(answer.sessionsOpen).toBeLessThan(DESCRIPTORS_MAX);
    expect(answer.acceptsRefused).toBe(CONNECTS - answer.sessionsOpen);
    expect(answer.errors[0].code).toBe('ERR_MSGTRANS_DESCRIPTORS_EXHAUSTED');
    expect(answer.errors[0].message).toMatch(/\d+ connections.*EMFILE.*ulimit/);

    await new Promise((resolve) => setTimeout(resolve, 1000));
    answer = await ask();
    expect(answer.cpuMs).toBeLessThan(answer.wallMs / 2);

    for (const { socket } of attempts) socket.destroy();
    while ((await ask()).sessionsOpen > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await echo(port)).toString()).toBe('served?');
    program.tell('stop');
    await program.next();
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });
});
