import { describe, expect, it } from 'vitest';
import { MultipartSender, PARTS_MAX, partsMaxOf, ZeromqMessage } from './zeromq-messages.js';

/** A socket that keeps what it was given. */
class Kept {
  closed = false;
  readonly sent: (readonly Uint8Array[])[] = [];

  async send(parts: readonly Uint8Array[]): Promise<void> {
    this.sent.push(parts);
  }
}

function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => Uint8Array.of(number, 0, 0, 0));
}

describe('parts that are gathered', () => {
  it('leave together when the turn of their maker ends, in order', async () => {
    const kept = new Kept();
    const sender = new MultipartSender(kept);
    const parts = numbered(3);
    for (const part of parts) sender.add(part);
    expect(kept.sent).toEqual([]);
    await Promise.resolve();
    expect(kept.sent).toEqual([parts]);
    sender.add(parts[0]);
    await Promise.resolve();
    expect(kept.sent).toEqual([parts, [parts[0]]]);
  });

  it('leave at once when there are as many as one multipart message has', async () => {
    const kept = new Kept();
    const sender = new MultipartSender(kept);
    const parts = numbered(PARTS_MAX + 1);
    for (const part of parts) sender.add(part);
    expect(kept.sent).toEqual([parts.slice(0, PARTS_MAX)]);
    await Promise.resolve();
    expect(kept.sent).toEqual([parts.slice(0, PARTS_MAX), parts.slice(PARTS_MAX)]);
  });

  it('leave in smaller numbers when they are long', () => {
    expect(partsMaxOf(64)).toBe(PARTS_MAX);
    expect(partsMaxOf(65_536)).toBe(4);
    expect(partsMaxOf(1_048_576)).toBe(1);
    const kept = new Kept();
    const sender = new MultipartSender(kept);
    sender.prepare(65_536);
    for (const part of numbered(8)) sender.add(part);
    expect(kept.sent.map(({ length }) => length)).toEqual([4, 4]);
  });
});

it('lets go of parts whose socket was closed meanwhile', async () => {
  const kept = new Kept();
  new MultipartSender(kept).add(Uint8Array.of(1, 0, 0, 0));
  kept.closed = true;
  await Promise.resolve();
  expect(kept.sent).toEqual([]);
});

describe('a part', () => {
  it('has the number of its session before the payload, wherever it lies in memory', () => {
    const memory = Buffer.alloc(20);
    memory.writeUInt32LE(7, 4);
    memory.writeUInt32LE(0xfedc_ba98, 8);
    memory.writeUInt32LE(5, 12);
    const message = new ZeromqMessage();
    message.part = memory.subarray(4, 16);
    expect(message.number).toBe(7);
    expect(message.length).toBe(8);
    expect(message.getUint32(0)).toBe(0xfedc_ba98);
    expect(message.getUint32(4)).toBe(5);
    expect([...message.payload()]).toEqual([...memory.subarray(8, 16)]);
  });
});
