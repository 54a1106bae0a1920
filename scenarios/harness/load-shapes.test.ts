import { describe, expect, it } from 'vitest';
import { BUILT_IN_DEFAULTS, type CaseParameters, parseCaseName } from './case-parameters.js';
import { LOAD_SHAPES, listenerKey } from './load-shapes.js';

const of = (more: Partial<CaseParameters>): CaseParameters => ({ ...BUILT_IN_DEFAULTS, ...more });

describe('load shapes', () => {
  it('say what the server and the generator are told', () => {
    const closed = of({ depth: 16, reply: 'forward' });
    expect(LOAD_SHAPES.closed.listener(closed)).toEqual({ handler: 'forward' });
    expect(LOAD_SHAPES.closed.load(closed)).toEqual({
      ...{ mode: 'closed', depth: 16, payloadBytes: 64, reply: 'forward' },
    });
    expect(LOAD_SHAPES.open.load(of({ load: 'open', rate: 5 }))).toMatchObject({ ratePerSecond: 5 });
    expect(LOAD_SHAPES.closed.inFlight(closed)).toBe(16_000);
    expect(LOAD_SHAPES.open.inFlight(closed)).toBe(0);
  });

  it('acknowledge a stream every 64 KB, before its sender runs dry', () => {
    const ackEvery = (payloadBytes: number, depth: number) =>
      LOAD_SHAPES.stream.listener(of({ load: 'stream', payloadBytes, depth })).ackEvery;
    expect(ackEvery(1024, 1000)).toBe(64);
    expect(ackEvery(1024, 16)).toBe(8);
    expect(ackEvery(1024, 1)).toBe(1);
    expect(ackEvery(1_048_576, 16)).toBe(1);
  });

  it('share a listener where the server is asked for the same', () => {
    expect(listenerKey(of({ depth: 1 }))).toBe(listenerKey(of({ depth: 16 })));
    expect(listenerKey(of({ reply: 'forward' }))).not.toBe(listenerKey(of({})));
    expect(listenerKey(of({ load: 'stream' }))).not.toBe(listenerKey(of({})));
  });

  it('refuse parameters of another shape, and combinations without meaning', () => {
    const problems = (name: string) => parseCaseName(name, BUILT_IN_DEFAULTS).problems.join();
    expect(problems('tcp/load=stream,rate=5')).toMatch(
      /rate belongs to load open; under load=stream it stays 0/,
    );
    expect(problems('tcp/load=stream,reply=forward')).toMatch(/reply belongs to load closed, open/);
    expect(problems('tcp/load=open')).toMatch(/needs a rate/);
    expect(problems('tcp/load=stream,payloadBytes=8')).toMatch(/payloadBytes of 12 or more/);
    expect(problems('mem/depth=64,load=stream')).toBe('');
  });
});
