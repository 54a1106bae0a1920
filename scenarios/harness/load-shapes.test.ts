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
    expect(LOAD_SHAPES.open.load(of({ load: 'open', rate: 5 }))).not.toHaveProperty('killPercentPerMinute');
    expect(LOAD_SHAPES.open.load(of({ load: 'open', rate: 5, killPercentPerMinute: 2 }))).toMatchObject({
      killPercentPerMinute: 2,
    });
    expect(LOAD_SHAPES.closed.inFlight(closed)).toBe(16_000);
    expect(LOAD_SHAPES.open.inFlight(closed)).toBe(0);
  });

  it('say whether every byte is touched, and at which rate one-way messages leave', () => {
    const stream = of({ transport: 'mem', load: 'stream', touch: 'all' });
    expect(LOAD_SHAPES.stream.listener(stream)).toMatchObject({ handler: 'sink', touch: 'all' });
    expect(LOAD_SHAPES.stream.load(stream)).toMatchObject({ mode: 'stream', touch: 'all' });
    const paced = of({ transport: 'mem', load: 'paced', rate: 1000 });
    expect(LOAD_SHAPES.paced.listener(paced)).toEqual({ handler: 'sink' });
    expect(LOAD_SHAPES.paced.load(paced)).toEqual({ mode: 'paced', ratePerSecond: 1000, payloadBytes: 64 });
    const storm = of({ transport: 'mem', load: 'storm', rate: 1000, stormPercent: 10 });
    expect(LOAD_SHAPES.storm.listener(storm)).toEqual({ handler: 'sink' });
    expect(LOAD_SHAPES.storm.load(storm)).toEqual({
      ...{ mode: 'paced', ratePerSecond: 1000, payloadBytes: 64, stormPercent: 10 },
    });
    const tick = of({ transport: 'mem', load: 'tick', tickHz: 60, groupSize: 50, inputsHz: 10 });
    expect(LOAD_SHAPES.tick.listener(tick)).toEqual({
      ...{ handler: 'broadcast', tickHz: 60, groupSize: 50, payloadBytes: 64 },
    });
    expect(LOAD_SHAPES.tick.load(tick)).toEqual({
      ...{ mode: 'tick', tickHz: 60, groupSize: 50, inputsHz: 10, payloadBytes: 64 },
    });
    const byShare = of({ transport: 'mem', load: 'paced', percentOfMax: 80 });
    expect(LOAD_SHAPES.paced.load(byShare)).toEqual({ mode: 'paced', percentOfMax: 80, payloadBytes: 64 });
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
      /rate belongs to load open, paced, storm; under load=stream it stays 0/,
    );
    expect(problems('tcp/load=stream,reply=forward')).toMatch(/reply belongs to load closed, open/);
    expect(problems('tcp/load=open')).toMatch(/needs a rate/);
    expect(problems('tcp/load=stream,payloadBytes=8')).toMatch(/payloadBytes of 12 or more/);
    expect(problems('mem/depth=64,load=stream')).toBe('');
    expect(problems('tcp/load=stream,touch=all')).toMatch(/touch=all belongs to transport mem/);
    expect(problems('tcp/load=paced,rate=5')).toMatch(/load=paced belongs to transport mem/);
    expect(problems('mem/load=paced')).toMatch(/either a rate .* or percentOfMax/);
    expect(problems('mem/load=paced,percentOfMax=80,rate=5')).toMatch(/either a rate .* or percentOfMax/);
    expect(problems('mem/load=open,percentOfMax=80,rate=5')).toMatch(/percentOfMax belongs to load paced/);
    expect(problems('tcp/load=storm,rate=5,stormPercent=10')).toMatch(/load=storm belongs to transport mem/);
    expect(problems('mem/load=storm,rate=5')).toMatch(/needs a rate .* and stormPercent/);
    expect(problems('mem/load=storm,rate=5,stormPercent=10')).toBe('');
    expect(problems('tcp/groupSize=5,inputsHz=1,load=tick,tickHz=60')).toBe('');
    expect(problems('tcp/groupSize=5,inputsHz=1,load=tick,payloadBytes=15,tickHz=60')).toMatch(
      /of 16 or more/,
    );
    expect(problems('mem/load=tick,tickHz=60')).toMatch(/needs tickHz, groupSize and inputsHz/);
    for (const payloadBytes of [16, 66]) {
      expect(problems(`mem/payloadBytes=${payloadBytes}`)).toMatch(/mem needs payloadBytes of 20 or more/);
    }
  });
});
