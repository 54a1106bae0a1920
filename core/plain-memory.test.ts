import { markAsUntransferable } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { wasmMemory } from './faults/sending-scene.js';
import { isPlainMemory } from './plain-memory.js';

type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

describe('plain memory', () => {
  it.each([0, 1, 65_535, 65_536, 3 * 65_536])('is an ArrayBuffer of %i bytes, and stays one', (bytes) => {
    const buffer = new ArrayBuffer(bytes);
    for (let i = 0; i < 3; i++) expect(isPlainMemory(buffer)).toBe(true);
    expect(buffer.byteLength).toBe(bytes);
    expect(isPlainMemory(Buffer.alloc(bytes).buffer)).toBe(true);
  });

  it('is not what may be resized, shared or grown', () => {
    for (const bytes of [1000, 65_536]) {
      expect(isPlainMemory(new SharedArrayBuffer(bytes))).toBe(false);
      const resizable = new (ArrayBuffer as unknown as ResizableConstructor)(bytes, { maxByteLength: 1e6 });
      expect(isPlainMemory(resizable)).toBe(false);
    }
    const memory = wasmMemory(2);
    expect(isPlainMemory(memory.buffer)).toBe(false);
    memory.grow(1);
    expect(isPlainMemory(memory.buffer)).toBe(false);
    expect(memory.buffer.byteLength).toBe(3 * 65_536);
  });

  it('leaves alone what cannot be transferred', () => {
    const buffer = new ArrayBuffer(65_536);
    markAsUntransferable(buffer);
    expect(isPlainMemory(buffer)).toBe(false);
    expect(buffer.byteLength).toBe(65_536);
  });
});
