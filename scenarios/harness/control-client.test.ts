import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ControlClient, ControlError } from './control-client.js';

const HELLO = '{"hello":{"control":1,"role":"server","arm":"x","pid":1,"version":"0"}}\n';

function connected(first = HELLO) {
  const input = new PassThrough();
  const output = new PassThrough();
  const client = new ControlClient('server x', input, output);
  if (first !== '') output.write(first);
  return { client, input, output };
}

function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error as ControlError).code,
  );
}

describe('the control client', () => {
  it('matches answers to commands sent without waiting', async () => {
    const { client, output, input } = connected();
    await client.hello(1000);
    const first = client.command('counters', {}, 1000);
    const second = client.command('listen', { url: 'tcp://127.0.0.1:0' }, 1000);
    output.write('{"id":1,"ok":true,"counters":{"a":1}}\n{"id":2,"ok":true,"url":"u"}\n');
    expect((await first).counters).toEqual({ a: 1 });
    expect((await second).url).toBe('u');
    expect(String(input.read())).toBe(
      '{"id":1,"command":"counters"}\n{"id":2,"command":"listen","url":"tcp://127.0.0.1:0"}\n',
    );
  });

  it('reads lines however they are cut, multi-byte characters included', async () => {
    const { client, output } = connected('');
    for (const byte of Buffer.from(HELLO)) output.write(Buffer.of(byte));
    await client.hello(1000);
    const answer = client.command('x', {}, 1000);
    for (const byte of Buffer.from('{"id":1,"ok":true,"text":"µ€😀"}\n')) output.write(Buffer.of(byte));
    expect((await answer).text).toBe('µ€😀');
  });

  it('passes on the other side’s code and group', async () => {
    const { client, output } = connected();
    await client.hello(1000);
    const answer = client.command('run', {}, 1000);
    output.write(
      '{"id":1,"ok":false,"error":{"code":"ERR_GENERATOR_SESSION_LOST","message":"m","group":"g"}}\n',
    );
    await expect(answer).rejects.toMatchObject({ code: 'ERR_GENERATOR_SESSION_LOST', group: 'g' });
    // One refused command does not end the conversation.
    const next = client.command('ledger', {}, 1000);
    output.write('{"id":2,"ok":true}\n');
    await next;
  });

  it.each([
    ['a line that is not JSON', 'nonsense\n', 'ERR_CONTROL_PROTOCOL'],
    ['another first line', '{"id":1,"ok":true}\n', 'ERR_CONTROL_PROTOCOL'],
    ['another protocol version', HELLO.replace('"control":1', '"control":2'), 'ERR_CONTROL_VERSION'],
    ['a null', 'null\n', 'ERR_CONTROL_PROTOCOL'],
  ])('refuses %s instead of a hello', async (_, line, expected) => {
    const { client, output } = connected('');
    const hello = code(client.hello(1000));
    output.write(line);
    expect(await hello).toBe(expected);
  });

  it('ignores fields it does not know', async () => {
    const { client } = connected(HELLO.replace('"pid"', '"later":true,"pid"'));
    expect((await client.hello(1000)).arm).toBe('x');
  });

  it('ends on an answer to another command, and everything under way with it', async () => {
    const { client, output } = connected();
    await client.hello(1000);
    const pending = [code(client.command('a', {}, 1000)), code(client.command('b', {}, 1000))];
    output.write('{"id":2,"ok":true}\n');
    expect(await Promise.all(pending)).toEqual(['ERR_CONTROL_PROTOCOL', 'ERR_CONTROL_PROTOCOL']);
    expect(await code(client.command('c', {}, 1000))).toBe('ERR_CONTROL_PROTOCOL');
  });

  it('takes id 0 as the answer to a command that could not be read', async () => {
    const { client, output } = connected();
    await client.hello(1000);
    const answer = code(client.command('a', {}, 1000));
    output.write('{"id":0,"ok":false,"error":{"code":"ERR_CONTROL_BAD_COMMAND","message":"m"}}\n');
    expect(await answer).toBe('ERR_CONTROL_BAD_COMMAND');
  });

  it('gives up on silence', async () => {
    expect(await code(connected('').client.hello(20))).toBe('ERR_CONTROL_TIMEOUT');
    const { client } = connected();
    await client.hello(1000);
    expect(await code(client.command('a', {}, 20))).toBe('ERR_CONTROL_TIMEOUT');
  });

  it('reports the end of the process to everyone who waits', async () => {
    const { client } = connected();
    await client.hello(1000);
    const pending = code(client.command('a', {}, 1000));
    client.fail(new ControlError('ERR_CONTROL_PROCESS_EXITED', 'gone'));
    expect(await pending).toBe('ERR_CONTROL_PROCESS_EXITED');
    expect(await code(client.hello(10))).toBe('resolved');
  });
});
